#include "scache/succession.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <span>

#include "global/scache_proto.h"
#include "util/attr0.h"
#include "util/in_memory_file.h"
#include "util/msg.h"
#include "util/pass_fd.h"
#include "util/sockets.h"

namespace handoff::scache {
namespace {

using namespace std::chrono_literals;
using global::SessionCache;
using util::Error;
using util::Result;
using util::UniqueFd;

// A backlog that is full for so long has no room for us.
constexpr auto kConnectLimit = 100ms;
// For the successor to be started.
constexpr auto kStayLimit = 10s;

// Until the successor has closed the connection or has answered, which only one does that does not
// know the request. Stock's scache(8) spins when a client is gone before it was greeted.
[[noreturn]] void stay_on_the_line(int socket) {
  const auto deadline = std::chrono::steady_clock::now() + kStayLimit;
  std::size_t heard = 0;
  while (heard <= util::attr0::announcement(global::protocol::kConnectionCache).size()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd line{.fd = socket, .events = POLLIN, .revents = 0};
    if (left <= 0ms || poll(&line, 1, static_cast<int>(left.count())) <= 0) break;
    std::array<char, 1024> buffer;
    const ssize_t got = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) break;
    heard += static_cast<std::size_t>(got);
  }
  _exit(EXIT_SUCCESS);
}

// A process of its own does it, for ours has to go before the successor can come.
void leave_somebody_on_the_line(int socket) {
  const pid_t child = fork();
  if (child < 0) msg::warn("fork: {}", util::errno_text(errno));
  if (child != 0) return;
  (void)std::signal(SIGTERM, SIG_DFL);
  const auto line = static_cast<unsigned>(socket);
  (void)close_range(0, line - 1, 0);
  (void)close_range(line + 1, ~0U, 0);
  stay_on_the_line(socket);
}

// How many went.
std::size_t send_all(int socket, std::span<const int> connections) {
  std::size_t sent = 0;
  while (sent < connections.size()) {
    const auto portion =
        connections.subspan(sent, std::min(util::kFdsAtOnce, connections.size() - sent));
    if (const auto done = util::send_fds(socket, portion); !done) {
      msg::warn("cannot hand over all cached connections: {}", done.error().what);
      break;
    }
    sent += portion.size();
  }
  return sent;
}

}  // namespace

Result<std::size_t> bequeath(global::MultiSessionCache& cache, std::span<const UniqueFd> clients,
                             const std::string& socket_path, util::Scheduler::TimePoint now) {
  const global::EncodedSnapshot snapshot =
      global::encode_snapshot(cache, now, static_cast<std::uint32_t>(clients.size()));
  auto file = util::in_memory_file("scache", snapshot.bytes);
  if (!file) return std::move(file).error();
  auto socket = util::connect_unix(socket_path, kConnectLimit);
  if (!socket) return std::move(socket).error();
  const std::string request = global::scache::encode_request(global::scache::Inherit{});
  if (auto sent = util::send_packet(socket->get(), request, file->get()); !sent)
    return std::move(sent).error();
  std::vector<int> descriptors = snapshot.connections;
  for (const UniqueFd& client : clients) descriptors.push_back(client.get());
  const std::size_t sent =
      std::min(send_all(socket->get(), descriptors), snapshot.connections.size());
  // What has not gone will not come; the successor need not wait for it.
  (void)shutdown(socket->get(), SHUT_WR);
  cache.give_up_oldest(sent);
  leave_somebody_on_the_line(socket->get());
  return sent;
}

Heir::Heir(util::Scheduler& scheduler, UniqueFd socket, global::CacheSnapshot snapshot,
           std::function<void(Estate)> done)
    : socket_(std::move(socket)),
      estate_{.snapshot = std::move(snapshot), .connections = {}, .clients = {}},
      done_(std::move(done)),
      readable_(scheduler.readable(socket_.get(), [this] { on_readable(); })) {}

// Every byte brings a portion. Without a warning, what has not come belongs to nobody: the
// predecessor has said farewell to it.
void Heir::on_readable() {
  std::vector<UniqueFd>& came = estate_.connections;
  const std::size_t sessions = estate_.snapshot.sessions.size();
  while (came.size() < sessions + estate_.snapshot.clients) {
    char byte = 0;
    auto received = util::receive_many(socket_.get(), {&byte, 1});
    if (!received && received.error().code == EAGAIN) return;
    if (!received || received->bytes == 0) break;
    std::ranges::move(received->descriptors, std::back_inserter(came));
    if (!received->truncated) continue;
    msg::warn("out of file descriptors: some cached connections were lost at their hand-over");
    break;
  }
  if (came.size() > sessions) {
    const auto clients = came.begin() + static_cast<std::ptrdiff_t>(sessions);
    std::move(clients, came.end(), std::back_inserter(estate_.clients));
    came.erase(clients, came.end());
  }
  const auto done = std::move(done_);
  done(std::move(estate_));
}

std::size_t restore(global::MultiSessionCache& cache, Heir::Estate estate,
                    util::Scheduler::TimePoint now, SessionCache::Ttl ttl_limit) {
  const auto elapsed = std::chrono::duration_cast<SessionCache::Ttl>(now.time_since_epoch()) -
                       SessionCache::Ttl(estate.snapshot.taken_at_ms);
  // What has run out in the meantime goes the usual way, a moment later.
  const auto left = [&](std::int64_t remaining_ms) {
    return std::clamp(SessionCache::Ttl(remaining_ms) - elapsed, SessionCache::Ttl(1), ttl_limit);
  };
  for (const global::BindingRecord& binding : estate.snapshot.bindings) {
    cache.save_destination(binding.destination,
                           {.property = binding.property, .endpoint = binding.endpoint},
                           left(binding.remaining_ms));
  }
  const std::size_t count = std::min(estate.connections.size(), estate.snapshot.sessions.size());
  for (std::size_t i = 0; i < count; ++i) {
    global::SessionRecord& session = estate.snapshot.sessions[i];
    cache.save_endpoint(session.endpoint,
                        {std::move(session.property), std::move(estate.connections[i]),
                         std::move(session.farewell)},
                        left(session.remaining_ms));
  }
  return count;
}

}  // namespace handoff::scache
