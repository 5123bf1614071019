#include "plugins/ldap_deadline.h"

#include <lber.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace handoff::plugins {
namespace {

// Above the socket, below TLS.
constexpr int kLevel = (LBER_SBIOD_LEVEL_PROVIDER + LBER_SBIOD_LEVEL_TRANSPORT) / 2;

const LdapDeadline& deadline_of(Sockbuf_IO_Desc* layer) {
  return *static_cast<const LdapDeadline*>(layer->sbiod_pvt);
}

int set_up(Sockbuf_IO_Desc* layer, void* deadline) noexcept {
  layer->sbiod_pvt = deadline;
  return 0;
}

int control(Sockbuf_IO_Desc* layer, int option, void* argument) noexcept {
  return LBER_SBIOD_CTRL_NEXT(layer, option, argument);
}

ber_slen_t read_in_time(Sockbuf_IO_Desc* layer, void* bytes, ber_len_t size) noexcept {
  // What the layers below have read ahead is no longer in the socket.
  const bool is_there = LBER_SBIOD_CTRL_NEXT(layer, LBER_SB_OPT_DATA_READY, nullptr) > 0;
  if (!is_there && !deadline_of(layer).wait(layer->sbiod_sb, POLLIN)) return -1;
  return LBER_SBIOD_READ_NEXT(layer, bytes, size);
}

ber_slen_t write_in_time(Sockbuf_IO_Desc* layer, void* bytes, ber_len_t size) noexcept {
  if (!deadline_of(layer).wait(layer->sbiod_sb, POLLOUT)) return -1;
  return LBER_SBIOD_WRITE_NEXT(layer, bytes, size);
}

int do_nothing(Sockbuf_IO_Desc*) noexcept {
  return 0;
}

void on_end(LDAP*, Sockbuf*, ldap_conncb*) noexcept {}

Sockbuf_IO timed_layer{set_up, do_nothing, control, read_in_time, write_in_time, do_nothing};

}  // namespace

LdapDeadline::LdapDeadline(std::chrono::seconds limit)
    : limit_(limit), callbacks_{on_connection, on_end, this} {
  restart();
}

int LdapDeadline::watch(LDAP* handle) {
  return ldap_set_option(handle, LDAP_OPT_CONNECT_CB, &callbacks_);
}

int LdapDeadline::on_connection(LDAP*, Sockbuf* connection, LDAPURLDesc*, struct sockaddr*,
                                ldap_conncb* callbacks) noexcept {
  auto* deadline = static_cast<LdapDeadline*>(callbacks->lc_arg);
  deadline->restart();
  return ber_sockbuf_add_io(connection, &timed_layer, kLevel, deadline);
}

// For poll().
int LdapDeadline::milliseconds_left() const {
  constexpr int kForEver = -1;
  if (limit_ < std::chrono::seconds::zero()) return kForEver;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, std::numeric_limits<int>::max()));
}

bool LdapDeadline::wait(Sockbuf* connection, short events) const {
  ber_socket_t descriptor = -1;
  ber_sockbuf_ctrl(connection, LBER_SB_OPT_GET_FD, &descriptor);
  pollfd socket{descriptor, events, 0};
  while (true) {
    const int ready = ::poll(&socket, 1, milliseconds_left());
    if (ready > 0) return true;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) errno = ETIMEDOUT;
    return false;
  }
}

}  // namespace handoff::plugins
