#include "master/wakeup.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "global/master_proto.h"
#include "util/pass_fd.h"
#include "util/sockets.h"

namespace handoff::master {
namespace {

using util::Error;
using util::Status;
using util::UniqueFd;

constexpr std::chrono::seconds kPatience{101};
constexpr std::array<char, 2> kOnSocket = {global::master_proto::kWakeupByte, '\0'};

Status write_now(int fd, std::string_view bytes) {
  if (::write(fd, bytes.data(), bytes.size()) < 0) return Error::system("write", errno);
  return {};
}

}  // namespace

Status WakeupSender::send(ServiceType type, const Endpoint& endpoint) {
  switch (type) {
    case ServiceType::Fifo:
      return wake_fifo(endpoint.path);
    case ServiceType::Unix:
      return wake_unix(endpoint.path);
    case ServiceType::Pass:
      return wake_pass(endpoint.path);
    case ServiceType::Inet:
      return wake_inet(endpoint.addresses.front());
    case ServiceType::UnixDatagram:
      break;
  }
  return Error{Error::Kind::System, util::errno_text(EOPNOTSUPP), EOPNOTSUPP};
}

Status WakeupSender::wake_fifo(const std::string& path) {
  const UniqueFd fifo(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fifo) return Error::system("open " + path, errno);
  return write_now(fifo.get(), {kOnSocket.data(), 1});
}

WakeupSender::Calls::iterator WakeupSender::keep(UniqueFd connection) {
  const auto call = calls_.emplace(calls_.end());
  call->connection = std::move(connection);
  call->patience = scheduler_.after(kPatience, [this, call] { calls_.erase(call); });
  return call;
}

Status WakeupSender::wake_unix(const std::string& path) {
  auto connection = util::begin_connect_unix(path);
  if (!connection) return std::move(connection).error();
  speak(keep(*std::move(connection)));
  return {};
}

Status WakeupSender::wake_inet(const util::SocketAddress& address) {
  auto connection = util::begin_connect_inet(address);
  if (!connection) return std::move(connection).error();
  const auto call = keep(*std::move(connection));
  call->connected = scheduler_.writable(call->connection.get(), [this, call] {
    call->connected.cancel();
    speak(call);
  });
  return {};
}

// The pipe's text is written before its other end is passed on: it fits into the pipe.
Status WakeupSender::wake_pass(const std::string& path) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error::system("pipe", errno);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  auto connection = util::begin_connect_unix(path);
  if (!connection) return std::move(connection).error();
  if (auto sent = util::send_fd(connection->get(), read_end.get()); !sent) return sent;
  if (auto written = write_now(write_end.get(), {kOnSocket.data(), kOnSocket.size()}); !written) {
    return written;
  }
  const auto call = keep(*std::move(connection));
  call->passed = std::move(write_end);
  call->hung_up = scheduler_.readable(call->connection.get(), [this, call] { calls_.erase(call); });
  return {};
}

void WakeupSender::speak(Calls::iterator call) {
  const int fd = call->connection.get();
  if (!write_now(fd, {kOnSocket.data(), kOnSocket.size()})) {
    calls_.erase(call);
    return;
  }
  call->hung_up = scheduler_.readable(fd, [this, call] { calls_.erase(call); });
}

}  // namespace handoff::master
