#include "util/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace handoff::util {
namespace {

struct UnixAddress {
  sockaddr_un address{};
  socklen_t length = 0;
};

Result<UnixAddress> unix_address(const std::string& path) {
  UnixAddress result;
  if (path.size() >= sizeof result.address.sun_path)
    return Error::limit("unix-domain name too long: " + path);
  result.address.sun_family = AF_UNIX;
  std::memcpy(result.address.sun_path, path.c_str(), path.size() + 1);
  result.length = sizeof result.address;
  return result;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Result<UniqueFd> new_socket(int domain, int type) {
  UniqueFd socket(::socket(domain, type | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("socket", errno);
  return socket;
}

Status set_option(int socket, int level, int option, int value) {
  if (setsockopt(socket, level, option, &value, sizeof value) != 0)
    return Error::system("setsockopt", errno);
  return {};
}

// How long a blocking connect() or send() may take; 0 for as long as it likes.
Status set_limit(int socket, int option, Milliseconds limit) {
  const timeval patience{.tv_sec = limit.count() / 1000,
                         .tv_usec = static_cast<suseconds_t>(limit.count() % 1000 * 1000)};
  if (setsockopt(socket, SOL_SOCKET, option, &patience, sizeof patience) != 0)
    return Error::system("setsockopt", errno);
  return {};
}
Status limit_sending(int socket, Milliseconds limit) {
  return set_limit(socket, SO_SNDTIMEO, limit);
}

// connect(2) in blocking mode, at most `limit`. The limit is taken off the socket again: whoever
// gets it next may rely on a write that waits.
Status connect_within(int socket, const sockaddr* address, socklen_t length, Milliseconds limit) {
  if (limit.count() > 0) {
    if (Status limited = limit_sending(socket, limit); !limited) return limited;
  }
  while (::connect(socket, address, length) != 0) {
    const int code = errno;
    if (code == EINTR) continue;
    if (code == EISCONN) break;  // an interrupted call went on in the background
    if (limit.count() > 0 && (code == EINPROGRESS || code == EAGAIN || code == EALREADY))
      return Error{Error::Kind::Timeout, errno_text(ETIMEDOUT), ETIMEDOUT};
    return Error{Error::Kind::System, errno_text(code), code};
  }
  return limit.count() > 0 ? limit_sending(socket, Milliseconds(0)) : Status();
}

Result<UniqueFd> connect_unix_socket(const std::string& path, int type, Milliseconds limit) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  auto socket = new_socket(AF_UNIX, type);
  if (!socket) return socket;
  if (Status connected =
          connect_within(socket->get(), generic(address->address), address->length, limit);
      !connected)
    return std::move(connected).error();
  return socket;
}

Result<UniqueFd> bind_unix(const std::string& path, int type, mode_t mode) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  auto socket = new_socket(AF_UNIX, type | SOCK_NONBLOCK);
  if (!socket) return socket;
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error::system("unlink " + path, errno);
  if (bind(socket->get(), generic(address->address), address->length) != 0)
    return Error::system("bind: " + path, errno);
  if (chmod(path.c_str(), mode) != 0) return Error::system("chmod " + path, errno);
  return socket;
}

Result<bool> wait_for(int fd, short events, Milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::max(limit, Milliseconds(0));
  pollfd ask{.fd = fd, .events = events, .revents = 0};
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
    const int timeout =
        limit.count() < 0 ? -1 : static_cast<int>(std::clamp<long>(left, 0, 1'000'000'000));
    const int ready = poll(&ask, 1, timeout);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return Error::system("poll", errno);
    if (ready == 0 && Clock::now() >= deadline) return false;
  }
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length) {
  std::memcpy(&storage_, address, std::min<std::size_t>(length, sizeof storage_));
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text, std::uint16_t port) {
  const std::string address(text);
  SocketAddress result;
  auto& in4 = reinterpret_cast<sockaddr_in&>(result.storage_);
  auto& in6 = reinterpret_cast<sockaddr_in6&>(result.storage_);
  if (inet_pton(AF_INET, address.c_str(), &in4.sin_addr) == 1) {
    in4.sin_family = AF_INET;
  } else if (inet_pton(AF_INET6, address.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
  } else {
    return std::nullopt;
  }
  result.set_port(port);
  return result;
}

SocketAddress SocketAddress::any(int family, std::uint16_t port) {
  SocketAddress result;
  result.storage_.ss_family = static_cast<sa_family_t>(family);
  result.set_port(port);
  return result;
}

std::uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port
                                    : reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
}

void SocketAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(storage_).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(storage_).sin_port = htons(port);
  }
}

bool SocketAddress::is_loopback() const {
  if (family() == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address);
  }
  const auto& address = reinterpret_cast<const sockaddr_in&>(storage_).sin_addr;
  return family() == AF_INET && ntohl(address.s_addr) >> 24 == 127;
}

std::string SocketAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  const void* address =
      family() == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr)
          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(storage_).sin_addr);
  (void)inet_ntop(family(), address, buffer, sizeof buffer);  // an unknown family stays empty
  return buffer;
}

bool SocketAddress::same_host(const SocketAddress& other) const {
  return family() == other.family() && text() == other.text();
}

bool SocketAddress::host_before(const SocketAddress& other) const {
  if (family() != other.family()) return family() == AF_INET;
  const auto bytes = [](const SocketAddress& address) -> std::string_view {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&address.storage_);
    const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&address.storage_);
    if (address.family() == AF_INET)
      return {reinterpret_cast<const char*>(&ipv4->sin_addr), sizeof ipv4->sin_addr};
    return {reinterpret_cast<const char*>(&ipv6->sin6_addr), sizeof ipv6->sin6_addr};
  };
  return bytes(*this) < bytes(other);
}

socklen_t SocketAddress::length() const {
  return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

Result<UniqueFd> connect_unix(const std::string& path, Milliseconds limit) {
  return connect_unix_socket(path, SOCK_STREAM, limit);
}

Result<UniqueFd> connect_unix_packets(const std::string& path, Milliseconds limit) {
  return connect_unix_socket(path, SOCK_SEQPACKET, limit);
}

Result<UniqueFd> connect_inet(const SocketAddress& to, Milliseconds limit,
                              const SocketAddress* from) {
  auto socket = new_socket(to.family(), SOCK_STREAM);
  if (!socket) return socket;
  if (from != nullptr && bind(socket->get(), from->get(), from->length()) != 0)
    return Error::system("bind " + from->text(), errno);
  if (Status connected = connect_within(socket->get(), to.get(), to.length(), limit); !connected)
    return std::move(connected).error();
  return socket;
}

Result<UniqueFd> begin_connect_unix(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  auto socket = new_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  if (!socket) return socket;
  if (connect(socket->get(), generic(address->address), address->length) != 0)
    return Error{Error::Kind::System, errno_text(errno), errno};
  return socket;
}

Result<UniqueFd> begin_connect_inet(const SocketAddress& to, int window_size) {
  auto socket = new_socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK);
  if (!socket) return socket;
  if (window_size > 0) {  // a kernel that refuses takes its own, which works as well
    (void)setsockopt(socket->get(), SOL_SOCKET, SO_SNDBUF, &window_size, sizeof window_size);
    (void)setsockopt(socket->get(), SOL_SOCKET, SO_RCVBUF, &window_size, sizeof window_size);
  }
  if (connect(socket->get(), to.get(), to.length()) != 0 && errno != EINPROGRESS)
    return Error{Error::Kind::System, errno_text(errno), errno};
  return socket;
}

Status connect_outcome(int socket) {
  int code = 0;
  socklen_t length = sizeof code;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) != 0) code = errno;
  if (code != 0) return Error{Error::Kind::System, errno_text(code), code};
  return {};
}

Result<UniqueFd> listen_unix(const std::string& path, int backlog, mode_t mode) {
  auto socket = bind_unix(path, SOCK_STREAM, mode);
  if (socket && listen(socket->get(), backlog) != 0) return Error::system("listen: " + path, errno);
  return socket;
}

Result<UniqueFd> listen_unix_packets(const std::string& path, int backlog, mode_t mode) {
  const std::string fresh = path + "." + std::to_string(getpid());
  auto socket = bind_unix(fresh, SOCK_SEQPACKET, mode);
  if (!socket) return socket;
  Status ready;
  if (listen(socket->get(), backlog) != 0)
    ready = Error::system("listen: " + fresh, errno);
  else if (rename(fresh.c_str(), path.c_str()) != 0)
    ready = Error::system("rename to " + path, errno);
  if (ready) return socket;
  (void)unlink(fresh.c_str());  // there is something more important to tell
  return std::move(ready).error();
}

Result<UniqueFd> bind_unix_datagram(const std::string& path, mode_t mode) {
  return bind_unix(path, SOCK_DGRAM, mode);
}

Result<UniqueFd> listen_inet(const SocketAddress& at, int backlog) {
  auto socket = new_socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK);
  if (!socket) return socket;
  for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) {
    if (Status set = set_option(socket->get(), SOL_SOCKET, option, 1); !set)
      return std::move(set).error();
  }
  if (at.family() == AF_INET6) {
    if (Status set = set_option(socket->get(), IPPROTO_IPV6, IPV6_V6ONLY, 1); !set)
      return std::move(set).error();
  }
  const auto name = [&at] { return at.text() + " port " + std::to_string(at.port()); };
  if (bind(socket->get(), at.get(), at.length()) != 0)
    return Error::system("bind " + name(), errno);
  if (listen(socket->get(), backlog) != 0) return Error::system("listen " + name(), errno);
  return socket;
}

Status limit_waits(int socket, Milliseconds limit) {
  if (auto receiving = set_limit(socket, SO_RCVTIMEO, limit); !receiving) return receiving;
  return limit_sending(socket, limit);
}

Result<UniqueFd> accept_connection(int listener) {
  UniqueFd connection(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return Error::system("accept connection", errno);
  return connection;
}

bool transient_accept_error(int code) {
  switch (code) {
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EINTR:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOTCONN:
    case ENOBUFS:
    case ECONNABORTED:
    case EPROTO:
      return true;
    default:
      return false;
  }
}

Result<SocketAddress> local_address(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return Error::system("getsockname", errno);
  return SocketAddress(reinterpret_cast<const sockaddr*>(&storage), length);
}

Result<SocketAddress> peer_address(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return Error::system("getpeername", errno);
  return SocketAddress(reinterpret_cast<const sockaddr*>(&storage), length);
}

Result<std::string> local_path(int socket) {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return Error::system("getsockname", errno);
  if (address.sun_family != AF_UNIX || length <= offsetof(sockaddr_un, sun_path))
    return Error::not_found("not bound to a path");
  return std::string(address.sun_path);
}

Result<uid_t> peer_user(int socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return Error::system("getsockopt", errno);
  return credentials.uid;
}

Status set_nonblocking(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) != 0)
    return Error::system("fcntl O_NONBLOCK", errno);
  return {};
}

Status set_close_on_exec(int fd, bool on) {
  if (fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) != 0) return Error::system("fcntl FD_CLOEXEC", errno);
  return {};
}

Result<bool> wait_readable(int fd, Milliseconds limit) {
  return wait_for(fd, POLLIN, limit);
}
Result<bool> wait_writable(int fd, Milliseconds limit) {
  return wait_for(fd, POLLOUT, limit);
}

}  // namespace handoff::util
