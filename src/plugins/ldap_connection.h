// ldap_connection.h - a session with an LDAP server, opened when it is first needed.
//
// Everything that waits ends after the time limit of the server's parameters; no signals are used.
#pragma once

#include <ldap.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "plugins/ldap_deadline.h"
#include "plugins/ldap_settings.h"

namespace handoff::plugins {

struct LdapSearch {
  std::string base;
  int scope = LDAP_SCOPE_SUBTREE;
  std::string filter;
  std::vector<std::string> attributes;
  int size_limit = 0;
};

struct FreeLdapMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using LdapResult = std::unique_ptr<LDAPMessage, FreeLdapMessage>;

class LdapConnection {
 public:
  // The one for these settings that the process has, or a new one.
  static std::shared_ptr<LdapConnection> to(const LdapServer& server);

  explicit LdapConnection(LdapServer server)
      : server_(std::move(server)), deadline_(std::chrono::seconds(server_.timeout)) {}

  // LDAP_SUCCESS or an error of LDAP; `result` may be there in both cases. A connection that turns
  // out to be dead is made anew, once.
  int search(const LdapSearch& search, const Host& host, LdapResult& result);
  // The next search begins with a new connection.
  void close() { handle_.reset(); }
  [[nodiscard]] LDAP* handle() const { return handle_.get(); }

 private:
  struct Unbind {
    void operator()(LDAP* handle) const { ldap_unbind_ext(handle, nullptr, nullptr); }
  };

  int connect(const Host& host);
  int set_options();
  int set_tls_options();
  int start_tls(const Host& host);
  int bind(const Host& host);
  int bind_simply();
  int bind_with_sasl();
  int try_search(const LdapSearch& search, LdapResult& result);
  int wait_for(int message, LdapResult& result);
  int outcome_of(int message);
  [[nodiscard]] struct timeval limit() const { return {server_.timeout, 0}; }

  LdapServer server_;
  LdapDeadline deadline_;
  std::unique_ptr<LDAP, Unbind> handle_;
};

}  // namespace handoff::plugins
