#include "smtpstone/sink_listener.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "util/sockets.h"

namespace handoff::smtpstone {
namespace {

using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;

// All that accepted sockets inherit, so that it costs nothing later.
Status tune(int socket, const SinkOptions& options) {
  const auto set = [&](int level, int name, int value, const char* what) -> Status {
    if (::setsockopt(socket, level, name, &value, sizeof value) != 0)
      return Error::system(what, errno);
    return {};
  };
  if (Status done = set(IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"); !done) return done;
  if (options.max_segment_size > 0) {
    if (Status done = set(IPPROTO_TCP, TCP_MAXSEG, options.max_segment_size, "TCP_MAXSEG"); !done)
      return done;
  }
  if (options.window_size <= 0) return {};
  if (Status done = set(SOL_SOCKET, SO_SNDBUF, options.window_size, "SO_SNDBUF"); !done)
    return done;
  return set(SOL_SOCKET, SO_RCVBUF, options.window_size, "SO_RCVBUF");
}

Result<std::string> real_name(int socket) {
  const auto address = util::local_address(socket);
  if (!address) return address.error();
  const char* form = address->family() == AF_INET6 ? "[{}]:{}" : "{}:{}";
  return fmt::format(fmt::runtime(form), address->text(), address->port());
}

Status open_inet(const util::SocketAddress& at, const SinkOptions& options,
                 std::vector<SinkListener>& listeners) {
  auto socket = util::listen_inet(at, options.backlog);
  if (!socket) return socket.error();
  if (Status tuned = tune(socket->get(), options); !tuned) return tuned;
  auto name = real_name(socket->get());
  if (!name) return name.error();
  listeners.push_back({*std::move(socket), *std::move(name)});
  return {};
}

}  // namespace

Status open_listeners(const TransportAddress& address, const SinkOptions& options,
                      std::vector<SinkListener>& listeners) {
  if (address.is_unix) {
    auto socket = util::listen_unix(address.path, options.backlog, 0777);
    if (!socket) return socket.error();
    listeners.push_back({*std::move(socket), "unix:" + address.path});
    return {};
  }
  const auto all = resolve(address, options.family, true);
  if (!all) return all.error();
  for (const util::SocketAddress& at : *all) {
    if (Status opened = open_inet(at, options, listeners); !opened) return opened;
  }
  return {};
}

}  // namespace handoff::smtpstone
