// sockets.h - connect, listen and accept on UNIX-domain and Internet stream sockets.
//
// Every descriptor that comes back is close-on-exec. Waits are bounded by the caller's limit.
// Connected sockets are in blocking mode, for they may be passed on to programs that expect that;
// our own code reads and writes with MSG_DONTWAIT and does not care.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

// An IPv4 or IPv6 address with a port.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t length);
  // Numeric, without brackets: "192.0.2.1", "2001:db8::1". Nothing for anything else.
  static std::optional<SocketAddress> parse(std::string_view address, std::uint16_t port);
  static SocketAddress any(int family, std::uint16_t port);

  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] std::uint16_t port() const;  // host byte order
  void set_port(std::uint16_t port);
  [[nodiscard]] bool is_loopback() const;
  // "192.0.2.1", without the port.
  [[nodiscard]] std::string text() const;
  // Same family and address, whatever the port.
  [[nodiscard]] bool same_host(const SocketAddress& other) const;
  // IPv4 before IPv6, then by the bytes of the address, whatever the port.
  [[nodiscard]] bool host_before(const SocketAddress& other) const;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t length() const;

 private:
  sockaddr_storage storage_{};
};

using Milliseconds = std::chrono::milliseconds;

// Error System with the errno of connect(2), so that ENOENT and ECONNREFUSED can be told from the
// rest; Timeout after `limit`.
Result<UniqueFd> connect_unix(const std::string& path, Milliseconds limit);
// The same, for packets that arrive as they were sent (SOCK_SEQPACKET).
Result<UniqueFd> connect_unix_packets(const std::string& path, Milliseconds limit);
// A `limit` of 0 leaves it to the operating system. Binds to `from` first, where there is one.
Result<UniqueFd> connect_inet(const SocketAddress& to, Milliseconds limit,
                              const SocketAddress* from = nullptr);

// Begins to connect and does not wait: the socket, in non-blocking mode, becomes writable when
// the outcome is known; connect_outcome() tells it. A `window_size` other than 0 limits the TCP
// window, which has to be known before.
Result<UniqueFd> begin_connect_unix(const std::string& path);
Result<UniqueFd> begin_connect_inet(const SocketAddress& to, int window_size = 0);
Status connect_outcome(int socket);

// Listeners are in non-blocking mode. A file at `path` is replaced.
Result<UniqueFd> listen_unix(const std::string& path, int backlog, mode_t mode);
// For packets (SOCK_SEQPACKET). Replaces what is at `path` in one step: there is never a moment
// without a listener, and clients of the one that is replaced stay with it.
Result<UniqueFd> listen_unix_packets(const std::string& path, int backlog, mode_t mode);
Result<UniqueFd> bind_unix_datagram(const std::string& path, mode_t mode);
Result<UniqueFd> listen_inet(const SocketAddress& at, int backlog);

// Never waits: System/EAGAIN when nobody is there (any more). The new socket is in blocking mode.
Result<UniqueFd> accept_connection(int listener);
// For a socket in blocking mode: no call waits longer to receive, or to send, than that; then
// EAGAIN.
Status limit_waits(int socket, Milliseconds limit);
// Is it worth going on after this error of accept_connection()? The peer has gone, a sibling was
// quicker, the network hiccups (spec/master.md 4.4).
bool transient_accept_error(int code);

// The address that the kernel chose (port 0), or the peer's.
Result<SocketAddress> local_address(int socket);
Result<SocketAddress> peer_address(int socket);

// The path that a UNIX-domain socket was bound to; NotFound when it is none, or has none.
Result<std::string> local_path(int socket);
// Who the other end of a UNIX-domain connection is, or was when it connected.
Result<uid_t> peer_user(int socket);

Status set_nonblocking(int fd, bool on);
Status set_close_on_exec(int fd, bool on);
// Waits until there is something to read (or to write); false after `limit`. Negative: for ever.
Result<bool> wait_readable(int fd, Milliseconds limit);
Result<bool> wait_writable(int fd, Milliseconds limit);

}  // namespace handoff::util
