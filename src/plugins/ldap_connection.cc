#include "plugins/ldap_connection.h"

#include <csignal>
#include <map>
#include <utility>

#include "plugins/ldap_sasl.h"

namespace handoff::plugins {
namespace {

std::string describe(int error) {
  return std::to_string(error) + ": " + ldap_err2string(error);
}

// A connection that the server has closed, or that was never made. A server that is slow is not
// asked twice.
bool is_lost(int error) {
  return error == LDAP_SERVER_DOWN || error == LDAP_CONNECT_ERROR || error == LDAP_UNAVAILABLE;
}

// The library writes to sockets without MSG_NOSIGNAL.
void ignore_broken_pipes() {
  struct sigaction now {};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
    ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

std::shared_ptr<LdapConnection> LdapConnection::to(const LdapServer& server) {
  static std::map<LdapServer, std::weak_ptr<LdapConnection>> connections;
  std::weak_ptr<LdapConnection>& known = connections[server];
  std::shared_ptr<LdapConnection> connection = known.lock();
  if (!connection) {
    connection = std::make_shared<LdapConnection>(server);
    known = connection;
  }
  return connection;
}

int LdapConnection::search(const LdapSearch& search, const Host& host, LdapResult& result) {
  if (handle_ == nullptr)
    if (const int error = connect(host); error != LDAP_SUCCESS) return error;
  const int error = try_search(search, result);
  if (!is_lost(error)) return error;
  close();
  if (const int again = connect(host); again != LDAP_SUCCESS) return again;
  return try_search(search, result);
}

int LdapConnection::try_search(const LdapSearch& search, LdapResult& result) {
  std::vector<char*> attributes;
  for (const std::string& name : search.attributes)
    attributes.push_back(const_cast<char*>(name.c_str()));  // only looked at
  attributes.push_back(nullptr);
  deadline_.restart();
  struct timeval limit = this->limit();
  int message = 0;
  const int error =
      ldap_search_ext(handle_.get(), search.base.c_str(), search.scope, search.filter.c_str(),
                      attributes.data(), 0, nullptr, nullptr, &limit, search.size_limit, &message);
  if (error != LDAP_SUCCESS) return error;
  if (const int waited = wait_for(message, result); waited != LDAP_SUCCESS) return waited;
  int code = LDAP_SUCCESS;
  const int parsed =
      ldap_parse_result(handle_.get(), result.get(), &code, nullptr, nullptr, nullptr, nullptr, 0);
  return parsed != LDAP_SUCCESS ? parsed : code;
}

// All of the answer.
int LdapConnection::wait_for(int message, LdapResult& result) {
  struct timeval limit = this->limit();
  LDAPMessage* answer = nullptr;
  const int type = ldap_result(handle_.get(), message, LDAP_MSG_ALL, &limit, &answer);
  result.reset(answer);
  if (type > 0) return LDAP_SUCCESS;
  if (type == 0) {
    ldap_abandon_ext(handle_.get(), message, nullptr, nullptr);
    return LDAP_TIMEOUT;
  }
  int error = LDAP_SERVER_DOWN;
  ldap_get_option(handle_.get(), LDAP_OPT_RESULT_CODE, &error);
  return error == LDAP_SUCCESS ? LDAP_SERVER_DOWN : error;
}

int LdapConnection::outcome_of(int message) {
  LdapResult answer;
  if (const int waited = wait_for(message, answer); waited != LDAP_SUCCESS) return waited;
  int code = LDAP_SUCCESS;
  const int parsed =
      ldap_parse_result(handle_.get(), answer.get(), &code, nullptr, nullptr, nullptr, nullptr, 0);
  return parsed != LDAP_SUCCESS ? parsed : code;
}

int LdapConnection::connect(const Host& host) {
  ignore_broken_pipes();
  LDAP* made = nullptr;
  if (const int error = ldap_initialize(&made, server_.uris.c_str()); error != LDAP_SUCCESS) {
    warn(host, "dict_ldap_connect: Unable to init LDAP server " + server_.uris);
    return error;
  }
  handle_.reset(made);
  deadline_.restart();
  int error = set_options();
  if (error == LDAP_SUCCESS && server_.uses_tls) {
    error = set_tls_options();
    if (error != LDAP_SUCCESS) {
      warn(host,
           "dict_ldap_set_tls_options: Unable to allocate new TLS context " + describe(error));
    }
  }
  if (error == LDAP_SUCCESS && server_.start_tls) error = start_tls(host);
  if (error == LDAP_SUCCESS && server_.bind != LdapServer::Bind::None) error = bind(host);
  if (error != LDAP_SUCCESS) close();
  return error;
}

int LdapConnection::set_options() {
  LDAP* handle = handle_.get();
  const struct timeval limit = this->limit();
  const std::pair<int, const void*> options[] = {
      {LDAP_OPT_PROTOCOL_VERSION, &server_.version},
      {LDAP_OPT_NETWORK_TIMEOUT, &limit},
      {LDAP_OPT_TIMEOUT, &limit},
      {LDAP_OPT_DEREF, &server_.dereference},
      {LDAP_OPT_REFERRALS, server_.chase_referrals ? LDAP_OPT_ON : LDAP_OPT_OFF},
  };
  for (const auto& [option, value] : options)
    if (ldap_set_option(handle, option, value) != LDAP_OPT_SUCCESS) return LDAP_PARAM_ERROR;
  if (const int error = deadline_.watch(handle); error != LDAP_OPT_SUCCESS) return LDAP_PARAM_ERROR;
  if (server_.debug_level != 0) {
    ldap_set_option(nullptr, LDAP_OPT_DEBUG_LEVEL, &server_.debug_level);
    ber_set_option(nullptr, LBER_OPT_DEBUG_LEVEL, &server_.debug_level);
  }
  return LDAP_SUCCESS;
}

int LdapConnection::set_tls_options() {
  LDAP* handle = handle_.get();
  const int verify = server_.require_certificate ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
  if (ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &verify) != LDAP_OPT_SUCCESS)
    return LDAP_PARAM_ERROR;
  const std::pair<int, const std::string&> options[] = {
      {LDAP_OPT_X_TLS_CACERTFILE, server_.ca_file},
      {LDAP_OPT_X_TLS_CACERTDIR, server_.ca_directory},
      {LDAP_OPT_X_TLS_CERTFILE, server_.certificate},
      {LDAP_OPT_X_TLS_KEYFILE, server_.key},
      {LDAP_OPT_X_TLS_RANDOM_FILE, server_.random_file},
      {LDAP_OPT_X_TLS_CIPHER_SUITE, server_.ciphers},
  };
  for (const auto& [option, value] : options) {
    if (!value.empty() && ldap_set_option(handle, option, value.c_str()) != LDAP_OPT_SUCCESS)
      return LDAP_PARAM_ERROR;
  }
  const int as_client = 0;
  return ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &as_client);
}

int LdapConnection::start_tls(const Host& host) {
  int message = 0;
  int error = ldap_start_tls(handle_.get(), nullptr, nullptr, &message);
  if (error == LDAP_SUCCESS) error = outcome_of(message);
  if (error == LDAP_SUCCESS) error = ldap_install_tls(handle_.get());
  if (error != LDAP_SUCCESS)
    warn(host, "dict_ldap_connect: Unable to set STARTTLS: " + describe(error));
  return error;
}

int LdapConnection::bind(const Host& host) {
  const bool with_sasl = server_.bind == LdapServer::Bind::Sasl;
  const int error = with_sasl ? bind_with_sasl() : bind_simply();
  if (error == LDAP_SUCCESS) return error;
  warn(host, "dict_ldap_connect: Unable to bind to server " + server_.uris + " with dn " +
                 (server_.bind_dn.empty() ? "empty or implicit" : server_.bind_dn) + ": " +
                 std::to_string(error) + " (" + ldap_err2string(error) + ")");
  return error;
}

int LdapConnection::bind_simply() {
  std::string password = server_.bind_password;
  struct berval credentials {
    static_cast<ber_len_t>(password.size()), password.data()
  };
  int message = 0;
  const int error = ldap_sasl_bind(handle_.get(), server_.bind_dn.c_str(), LDAP_SASL_SIMPLE,
                                   &credentials, nullptr, nullptr, &message);
  return error == LDAP_SUCCESS ? outcome_of(message) : error;
}

// Challenge by challenge; the library looks at the results itself.
int LdapConnection::bind_with_sasl() {
  if (const int error = set_sasl_options(handle_.get(), server_); error != LDAP_SUCCESS)
    return error;
  const char* mechanisms =
      server_.sasl_mechanisms.empty() ? nullptr : server_.sasl_mechanisms.c_str();
  const char* chosen = nullptr;
  LdapResult challenge;
  while (true) {
    int message = 0;
    const int error = ldap_sasl_interactive_bind(handle_.get(), nullptr, mechanisms, nullptr,
                                                 nullptr, LDAP_SASL_QUIET, answer_sasl, &server_,
                                                 challenge.get(), &chosen, &message);
    if (error != LDAP_SASL_BIND_IN_PROGRESS) return error;
    if (const int waited = wait_for(message, challenge); waited != LDAP_SUCCESS) return waited;
  }
}

}  // namespace handoff::plugins
