// ldap_deadline.h - until when the connections of an LDAP handle may wait for their server.
//
// libldap's own limits end where it reads and writes: in a handshake for TLS, and within a message
// of which the rest does not come, it waits for ever. This watches each read and each write.
#pragma once

#include <ldap.h>

#include <chrono>

namespace handoff::plugins {

class LdapDeadline {
 public:
  // A negative limit is none.
  explicit LdapDeadline(std::chrono::seconds limit);
  LdapDeadline(const LdapDeadline&) = delete;
  LdapDeadline& operator=(const LdapDeadline&) = delete;
  ~LdapDeadline() = default;

  // All connections that the handle will make; this must outlive it. An error of LDAP.
  int watch(LDAP* handle);
  // From now on it is the whole limit again; so it is for each new connection.
  void restart() { end_ = Clock::now() + limit_; }
  // False, and errno is ETIMEDOUT, when nothing happens in time.
  [[nodiscard]] bool wait(Sockbuf* connection, short events) const;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] int milliseconds_left() const;
  static int on_connection(LDAP*, Sockbuf* connection, LDAPURLDesc*, struct sockaddr*,
                           ldap_conncb* callbacks) noexcept;

  std::chrono::seconds limit_;
  Clock::time_point end_;
  ldap_conncb callbacks_;
};

}  // namespace handoff::plugins
