#include "plugins/ldap_settings.h"

#include <ldap.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace handoff::plugins {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

bool begins_ignoring_case(std::string_view text, std::string_view beginning) {
  return equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

// Reads parameters until one is wrong; what comes after that is the default.
class Reader {
 public:
  explicit Reader(const Request& request) : request_(request), name_(view(request.name)) {}

  std::string text(std::string_view parameter, std::string_view standard);
  // The same, and an error when it is empty.
  std::string word(std::string_view parameter, std::string_view standard);
  int number(std::string_view parameter, int standard, std::optional<int> least = {});
  bool yes(std::string_view parameter, bool standard);
  QueryTemplate query(std::string_view parameter, std::string_view standard,
                      std::string_view kind = "query");
  std::vector<std::string> list(std::string_view parameter, std::string_view standard) {
    return split_list(text(parameter, standard));
  }

  [[nodiscard]] bool has(std::string_view parameter) { return find(parameter).has_value(); }
  // About the value of a parameter.
  void fail_at(std::string_view parameter, const std::string& before, const std::string& after);
  void fail(const std::string& problem) {
    if (!error_.failed()) error_ = Answer::config(problem);
  }
  void warn(const std::string& text) const { plugins::warn(*request_.host, text); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Answer& error() const { return error_; }

 private:
  std::optional<std::string> find(std::string_view parameter);

  const Request& request_;
  std::string name_;
  Answer error_;
};

std::optional<std::string> Reader::find(std::string_view parameter) {
  if (error_.failed()) return std::nullopt;
  std::string value;
  const Outcome outcome = request_.host->setting(request_.context, text_of(parameter), into(value));
  if (outcome == Outcome::Done) return value;
  if (outcome != Outcome::Absent) fail(value);
  return std::nullopt;
}

std::string Reader::text(std::string_view parameter, std::string_view standard) {
  return find(parameter).value_or(std::string(standard));
}

std::string Reader::word(std::string_view parameter, std::string_view standard) {
  std::string value = text(parameter, standard);
  if (value.empty()) fail_at(parameter, "bad string length 0 < 1: ", " = ");
  return value;
}

// In main.cf the parameter's name has the table's in it already.
void Reader::fail_at(std::string_view parameter, const std::string& before,
                     const std::string& after) {
  const bool in_a_file = tables::plugin::names_a_file(name_);
  fail((in_a_file ? name_ + ": " + before : before + name_ + '_') + std::string(parameter) + after);
}

int Reader::number(std::string_view parameter, int standard, std::optional<int> least) {
  const std::optional<std::string> text = find(parameter);
  if (!text) return standard;
  int value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end) {
    fail_at(parameter, "bad numerical configuration: ", " = " + *text);
    return standard;
  }
  if (least && value < *least) {
    fail_at(parameter, "invalid ",
            " parameter value " + std::to_string(value) + " < " + std::to_string(*least));
  }
  return value;
}

bool Reader::yes(std::string_view parameter, bool standard) {
  const std::optional<std::string> text = find(parameter);
  if (!text) return standard;
  if (equal_ignoring_case(*text, "yes")) return true;
  if (!equal_ignoring_case(*text, "no"))
    fail_at(parameter, "bad boolean configuration: ", " = " + *text);
  return false;
}

QueryTemplate Reader::query(std::string_view parameter, std::string_view standard,
                            std::string_view kind) {
  const std::string value = text(parameter, standard);
  std::optional<QueryTemplate> parsed = QueryTemplate::parse(value);
  if (!parsed) {
    fail("db_common_parse: " + name_ + ": Invalid " + std::string(kind) + " template: " + value);
    return {};
  }
  return *std::move(parsed);
}

bool is_url(std::string_view host) {
  return begins_ignoring_case(host, "ldap://") || begins_ignoring_case(host, "ldaps://") ||
         begins_ignoring_case(host, "ldapi://");
}

// Hosts become URLs with the port that has a parameter of its own.
std::string uris_of(Reader& reader) {
  const int port = reader.number("server_port", LDAP_PORT);
  std::string uris;
  for (const std::string& host : split_list(reader.word("server_host", "localhost"))) {
    if (!uris.empty()) uris.push_back(' ');
    uris += is_url(host) ? host : "ldap://" + host;
    if (!is_url(host) && host.find(':') == std::string::npos) uris += ':' + std::to_string(port);
  }
  return uris;
}

void read_version(Reader& reader, LdapServer& server) {
  server.version = reader.number("version", LDAP_VERSION3, LDAP_VERSION2);
  if (server.version > LDAP_VERSION3) {
    reader.warn("dict_ldap_open: " + reader.name() + " Unknown version " +
                std::to_string(server.version) + ", using 3.");
    server.version = LDAP_VERSION3;
  }
  const std::vector<std::string> uris = split_list(server.uris);
  const bool has_ldaps = std::any_of(uris.begin(), uris.end(), [](std::string_view uri) {
    return begins_ignoring_case(uri, "ldaps:");
  });
  server.uses_tls = server.start_tls || has_ldaps;
  if (server.version == LDAP_VERSION3 || !server.uses_tls) return;
  reader.warn(server.start_tls
                  ? "dict_ldap_open: " + reader.name() + " start_tls requires protocol version 3"
                  : std::string("dict_ldap_open: URL scheme ldaps requires protocol version 3"));
  server.version = LDAP_VERSION3;
}

LdapServer::Bind read_bind(Reader& reader) {
  using Bind = LdapServer::Bind;
  constexpr std::pair<std::string_view, Bind> kWords[] = {{"yes", Bind::Simple},
                                                          {"simple", Bind::Simple},
                                                          {"sasl", Bind::Sasl},
                                                          {"no", Bind::None},
                                                          {"none", Bind::None}};
  const std::string text = reader.word("bind", "yes");
  for (const auto& [word, bind] : kWords)
    if (equal_ignoring_case(text, word)) return bind;
  reader.fail(reader.name() + ": unsupported parameter value: bind = " + text);
  return Bind::None;
}

void read_sasl(Reader& reader, LdapServer& server) {
  server.sasl_mechanisms = reader.text("sasl_mechs", "");
  server.sasl_realm = reader.text("sasl_realm", "");
  server.sasl_authorization_id = reader.text("sasl_authz_id", "");
  server.sasl_least_strength = std::max(0, reader.number("sasl_minssf", 0));
}

int read_dereference(Reader& reader) {
  const int value = reader.number("dereference", LDAP_DEREF_NEVER);
  if (value >= LDAP_DEREF_NEVER && value <= LDAP_DEREF_ALWAYS) return value;
  reader.warn("dict_ldap_open: " + reader.name() + " Unrecognized value " + std::to_string(value) +
              " specified for dereference; using 0");
  return LDAP_DEREF_NEVER;
}

int read_scope(Reader& reader) {
  const std::string scope = reader.word("scope", "sub");
  if (equal_ignoring_case(scope, "one")) return LDAP_SCOPE_ONELEVEL;
  if (equal_ignoring_case(scope, "base")) return LDAP_SCOPE_BASE;
  if (!scope.empty() && !equal_ignoring_case(scope, "sub")) {
    reader.warn("dict_ldap_open: " + reader.name() + ": Unrecognized value " + scope +
                " specified for scope; using sub");
  }
  return LDAP_SCOPE_SUBTREE;
}

LdapServer read_server(Reader& reader) {
  LdapServer server;
  server.uris = uris_of(reader);
  server.start_tls = reader.yes("start_tls", false);
  read_version(reader, server);
  server.timeout = reader.number("timeout", 10);
  server.bind = read_bind(reader);
  server.bind_dn = reader.text("bind_dn", "");
  server.bind_password = reader.text("bind_pw", "");
  if (server.bind == LdapServer::Bind::Sasl) read_sasl(reader, server);
  server.dereference = read_dereference(reader);
  server.chase_referrals = reader.yes("chase_referrals", false);
  server.debug_level = reader.number("debuglevel", 0);
  server.require_certificate = reader.yes("tls_require_cert", false);
  server.ca_file = reader.text("tls_ca_cert_file", "");
  server.ca_directory = reader.text("tls_ca_cert_dir", "");
  server.certificate = reader.text("tls_cert", "");
  server.key = reader.text("tls_key", "");
  server.random_file = reader.text("tls_random_file", "");
  server.ciphers = reader.text("tls_cipher_suite", "");
  return server;
}

void warn_of_ignored(Reader& reader) {
  for (const char* parameter : {"cache", "cache_expiry", "cache_size"}) {
    if (reader.has(parameter))
      reader.warn("dict_ldap_open: " + reader.name() + " ignoring " + parameter);
  }
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  constexpr std::string_view kSeparators = ", \t\r\n";
  std::vector<std::string> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kSeparators), text.size()));
    if (text.empty()) return words;
    words.emplace_back(text.substr(0, text.find_first_of(kSeparators)));
    text.remove_prefix(words.back().size());
  }
}

Answer read_ldap_settings(const Request& request, LdapSettings& settings) {
  Reader reader(request);
  settings.name = reader.name();
  settings.server = read_server(reader);
  settings.scope = read_scope(reader);
  settings.search_base = reader.query("search_base", "");
  settings.query_filter = reader.query("query_filter", "(mailacceptinggeneralid=%s)");
  if (settings.query_filter.is_fixed() && !reader.error().failed()) {
    reader.warn("dict_ldap_open: " + settings.name + ": Fixed query_filter " +
                settings.query_filter.text() + " is probably useless");
  }
  // result_filter is its former name.
  const bool has_format = !reader.text("result_format", "").empty();
  settings.result_format =
      reader.query(has_format ? "result_format" : "result_filter", "%s", "result");
  settings.domain = reader.text("domain", "");
  settings.result_attributes = reader.list("result_attribute", "maildrop");
  settings.special_attributes = reader.list("special_result_attribute", "");
  settings.terminal_attributes = reader.list("terminal_result_attribute", "");
  settings.leaf_attributes = reader.list("leaf_result_attribute", "");
  settings.recursion_limit = reader.number("recursion_limit", 1000, 1);
  settings.expansion_limit = reader.number("expansion_limit", 0, 0);
  settings.size_limit = reader.number("size_limit", settings.expansion_limit, 0);
  warn_of_ignored(reader);
  return reader.error();
}

}  // namespace handoff::plugins
