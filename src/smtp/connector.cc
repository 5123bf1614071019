#include "smtp/connector.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "util/msg.h"

namespace handoff::smtp {

namespace {

util::Error system_error(int code) {
  return {util::Error::Kind::System, util::errno_text(code), code};
}

// Texts are those that administrators know; the family is left to bind(2).
std::optional<util::SocketAddress> address_of(const SourceAddress& source) {
  if (source.setting.empty()) return source.only;
  std::string_view bare = source.setting;
  if (bare.starts_with('[')) {
    if (!bare.ends_with(']'))
      msg::fatal("smtp_connect_addr: malformed {} parameter: {}", source.parameter, bare);
    bare = bare.substr(1, bare.size() - 2);
  }
  const auto address = util::SocketAddress::parse(bare, 0);
  if (!address) {
    msg::fatal("smtp_connect_addr: bad {} parameter: {}: Name or service not known",
               source.parameter, bare);
  }
  return *address;
}

void set_option(int socket, int level, int option, int value, std::string_view name) {
  if (::setsockopt(socket, level, option, &value, sizeof value) < 0)
    msg::warn("setsockopt {}: {}", name, util::errno_text(errno));
}

util::Status bind_source(int socket, const SourceAddresses& source, int family) {
  const auto address = address_of(family == AF_INET6 ? source.ipv6 : source.ipv4);
  if (!address) return {};
  if (::bind(socket, address->get(), address->length()) == 0) return {};
  const std::string why = util::errno_text(errno);
  msg::warn("smtp_connect_addr: bind {}: {}", address->text(), why);
  if (!source.enforce) return {};
  return util::Error::syntax("server configuration error");
}

util::Status finish_connect(int socket, std::chrono::seconds timeout) {
  const auto limit =
      timeout.count() > 0 ? std::chrono::milliseconds(timeout) : std::chrono::milliseconds(-1);
  auto ready = util::wait_writable(socket, limit);
  if (!ready) return std::move(ready).error();
  if (!*ready) return system_error(ETIMEDOUT);
  int code = 0;
  socklen_t length = sizeof code;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) < 0) code = errno;
  return code == 0 ? util::Status() : util::Status(system_error(code));
}

}  // namespace

SourceAddresses SourceAddresses::from(const global::Params& params) {
  return {.ipv4 = {"smtp_bind_address", params.smtp_bind_address},
          .ipv6 = {"smtp_bind_address6", params.smtp_bind_address6},
          .enforce = params.smtp_bind_address_enforce};
}

util::Result<util::UniqueFd> connect_to(const util::SocketAddress& server,
                                        const ConnectSettings& settings) {
  util::UniqueFd socket(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return system_error(errno);
  if (settings.window_size > 0) {
    set_option(socket.get(), SOL_SOCKET, SO_SNDBUF, settings.window_size, "SO_SNDBUF");
    set_option(socket.get(), SOL_SOCKET, SO_RCVBUF, settings.window_size, "SO_RCVBUF");
  }
  if (util::Status bound = bind_source(socket.get(), settings.source, server.family()); !bound)
    return std::move(bound).error();
  if (::connect(socket.get(), server.get(), server.length()) < 0) {
    if (errno != EINPROGRESS) return system_error(errno);
    if (util::Status connected = finish_connect(socket.get(), settings.timeout); !connected)
      return std::move(connected).error();
  }
  // We send whole messages and command groups at once; what is left over must not wait for an
  // acknowledgement.
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  // Whoever gets the session from the cache may expect blocking mode.
  if (util::Status blocking = util::set_nonblocking(socket.get(), false); !blocking)
    return std::move(blocking).error();
  return socket;
}

}  // namespace handoff::smtp
