#include "scache/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>
#include <vector>

#include "global/cache_label.h"
#include "global/cache_snapshot.h"
#include "global/params.h"
#include "global/scache_extension.h"
#include "util/descriptor_limit.h"
#include "util/msg.h"
#include "util/result.h"
#include "util/sockets.h"

namespace handoff::scache {
namespace {

using namespace std::chrono_literals;
using global::scache::Dialogue;
using service::Leaving;

// Sessions that make room at once when descriptors have run short.
constexpr int kShedTogether = 16;
// For clients that are in the middle of a request when this process has to go.
constexpr auto kSettleLimit = 500ms;

// The rest of the descriptors is for clients, and for the log: an eighth, or the little that cannot
// be done without where somebody has asked for more sessions than that.
global::MultiSessionCache::Limits limits(const global::Params& params, std::size_t descriptors) {
  const auto all_but = [&](std::size_t part) { return descriptors - descriptors / part; };
  const auto number = [](int value) { return static_cast<std::size_t>(value); };
  const std::size_t wanted = number(params.connection_cache_size_limit);
  return {.sessions = wanted == 0 ? all_but(8) : std::min(wanted, all_but(32)),
          .service_sessions = number(params.connection_cache_service_size_limit),
          .endpoint_sessions = number(params.connection_cache_endpoint_size_limit)};
}

}  // namespace

struct ScacheService::Guest {
  Guest(global::scache::Desk& desk, util::UniqueFd client, service::Presence is_here,
        std::function<void()> gone, Dialogue::Arrival arrival)
      : presence(std::move(is_here)), dialogue(desk, std::move(client), std::move(gone), arrival) {}

  service::Presence presence;  // ends after the connection is closed
  Dialogue dialogue;
};

ScacheService::ScacheService(service::MultiServer& server)
    : ScacheService(server, limits(server.params(), util::raise_descriptor_limit())) {}

ScacheService::ScacheService(service::MultiServer& server,
                             const global::MultiSessionCache::Limits& limits)
    : server_(server),
      statistics_(std::time(nullptr)),
      cache_(server.scheduler(),
             {.watch_idle_sessions = true,
              .limits = limits,
              .on_remote_end = [this](auto why, const auto& session) { tell_once(why, session); }}),
      inspection_(
          server.scheduler(), cache_, statistics_,
          {.clients = [&server] { return server.clients(); }, .session_limit = limits.sessions}),
      desk_{.scheduler = server.scheduler(),
            .cache = cache_,
            .statistics = statistics_,
            .client_name = server.name() + " socket",
            .ttl_limit = server.params().connection_cache_ttl_limit,
            .stall_limit = server.params().ipc_timeout,
            .relieve = [this] { return relieve(); },
            .first_served =
                [&server] {
                  server.request_begins();
                  server.request_ended();
                },
            .inspection = &inspection_,
            .inherit =
                [this](util::UniqueFd socket, util::Received attached) {
                  inherit(std::move(socket), std::move(attached));
                }} {}

ScacheService::~ScacheService() = default;

void ScacheService::post_jail() {
  second_socket_.emplace(server_, desk_);
  socket_path_ = server_.socket_path();  // as long as it is open
  start_interval();
  stop_ = server_.scheduler().on_signal(SIGTERM, [this] { server_.leave(Leaving::Stopped); });
}

void ScacheService::on_client(service::Client client) {
  admit(std::move(client.connection.fd), std::move(client.presence), Dialogue::Arrival::New);
}

void ScacheService::admit(util::UniqueFd client, service::Presence presence,
                          Dialogue::Arrival arrival) {
  const std::uint64_t id = next_guest_++;
  guests_.emplace(id, std::make_unique<Guest>(
                          desk_, std::move(client), std::move(presence),
                          [this, id] { guest_left(id); }, arrival));
}

void ScacheService::guest_left(std::uint64_t id) {
  guests_.erase(id);
  if (settling_ && guests_.empty()) server_.leave(Leaving::MasterGone);
}

bool ScacheService::wants_to_stay() {
  return cache_.size().sessions > 0;
}

void ScacheService::on_exit(Leaving why) {
  second_socket_.reset();
  statistics_.log(std::time(nullptr));
  if (why == Leaving::MasterGone) hand_over();
}

// The first of each kind in an interval; how many there were is in the statistics of postscache(1).
void ScacheService::tell_once(Departure why, const SessionView& session) {
  if (!told_.insert(why).second) return;
  const std::string_view what = why == Departure::RemoteClosed  ? "the remote end has closed it"
                                : why == Departure::RemoteError ? "the connection is broken"
                                                                : "the remote end spoke unasked";
  msg::info("cached connection {} dropped after {}s: {}", global::printable_label(session.endpoint),
            session.age.count() / 1000, what);
}

// --- When descriptors run short.

bool ScacheService::relieve() {
  int shed = 0;
  while (shed < kShedTogether && cache_.shed_one()) ++shed;
  desk_.sparing_log.warn(
      fmt::format("out of file descriptors: {} cached sessions were closed to make room", shed));
  return shed > 0;
}

bool ScacheService::make_room() {
  return relieve();
}

// --- From one process to the next.

bool ScacheService::master_has_gone() {
  // Not at once: when it is the end of the mail system, a signal says so.
  settled_ = server_.scheduler().after(0ms, [this] { settle(); });
  return false;
}

// Clients that have begun a request get their answer; but nobody waits long for them. The others
// ask the next process.
void ScacheService::settle() {
  second_socket_->settle();
  std::vector<std::uint64_t> present;
  for (const auto& [id, guest] : guests_) present.push_back(id);
  for (const std::uint64_t id : present) {
    guests_.at(id)->dialogue.settle([this, id](util::UniqueFd client) {
      at_rest_.push_back(std::move(client));
      guest_left(id);
    });
  }
  if (guests_.empty()) return server_.leave(Leaving::MasterGone);
  settling_ = true;
  settled_ =
      server_.scheduler().after(kSettleLimit, [this] { server_.leave(Leaving::MasterGone); });
}

void ScacheService::hand_over() {
  guests_.clear();  // first, so that its connections are not taken for the next process's
  const bool empty = cache_.size() == global::SessionCache::Size();
  if (empty && at_rest_.empty()) return;
  const auto handed = bequeath(cache_, at_rest_, socket_path_, server_.scheduler().now());
  if (empty) return;
  if (!handed) return msg::info("cached connections are closed: {}", handed.error().what);
  msg::info("handed {} cached connections to the next process", *handed);
}

// Everybody who can connect is a process of this mail system; a cache is taken from scache only.
void ScacheService::inherit(util::UniqueFd socket, util::Received attached) {
  const auto peer = util::peer_user(socket.get());
  if (!peer || !global::scache::may_use_extension(*peer, geteuid()) ||
      attached.descriptors.size() != 1)
    return msg::warn("a cache that was handed over is not taken: it is not from {}",
                     server_.name());
  auto snapshot = global::read_snapshot(attached.descriptors.front().get());
  if (!snapshot)
    return msg::warn("a cache that was handed over is not taken: {}", snapshot.error().what);
  heir_ = std::make_unique<Heir>(server_.scheduler(), std::move(socket), *std::move(snapshot),
                                 [this](Heir::Estate estate) { restore(std::move(estate)); });
}

void ScacheService::restore(Heir::Estate estate) {
  const bool empty = estate.snapshot.sessions.empty() && estate.snapshot.bindings.empty();
  std::vector<util::UniqueFd> clients = std::move(estate.clients);
  const std::size_t taken = scache::restore(cache_, std::move(estate), server_.scheduler().now(),
                                            server_.params().connection_cache_ttl_limit);
  if (!empty) msg::info("took {} cached connections from the process before", taken);
  for (util::UniqueFd& client : clients)
    admit(std::move(client), server_.add_client(), Dialogue::Arrival::Inherited);
  heir_.reset();
}

void ScacheService::start_interval() {
  interval_ =
      server_.scheduler().after(server_.params().connection_cache_status_update_time, [this] {
        statistics_.log(std::time(nullptr));
        inspection_.begin_interval();
        told_.clear();
        start_interval();
      });
}

}  // namespace handoff::scache
