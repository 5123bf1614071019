#include "scache/service.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "global/params.h"
#include "util/msg.h"
#include "util/result.h"

namespace handoff::scache {
namespace {

// Sessions that make room at once when descriptors have run short.
constexpr int kShedTogether = 16;

// As many as the system allows.
rlim_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) msg::fatal("getrlimit: {}", util::errno_text(errno));
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (before == limit.rlim_max || setrlimit(RLIMIT_NOFILE, &limit) == 0) return limit.rlim_max;
  msg::warn("cannot raise the limit on open files: {}", util::errno_text(errno));
  return before;
}

// The rest of the descriptors is for clients, and for the log.
global::MultiSessionCache::Limits limits(const global::Params& params) {
  const rlim_t descriptors = raise_descriptor_limit();
  const auto room = static_cast<std::size_t>(descriptors - descriptors / 8);
  const auto wanted = static_cast<std::size_t>(params.connection_cache_size_limit);
  const auto number = [](int value) { return static_cast<std::size_t>(value); };
  return {.sessions = wanted == 0 ? room : std::min(wanted, room),
          .service_sessions = number(params.connection_cache_service_size_limit),
          .endpoint_sessions = number(params.connection_cache_endpoint_size_limit)};
}

}  // namespace

struct ScacheService::Guest {
  Guest(global::scache::Desk& desk, service::Client arrived, std::function<void()> gone)
      : presence(std::move(arrived.presence)),
        dialogue(desk, std::move(arrived.connection.fd), std::move(gone)) {}

  service::Presence presence;  // ends after the connection is closed
  global::scache::Dialogue dialogue;
};

ScacheService::ScacheService(service::MultiServer& server)
    : server_(server),
      statistics_(std::time(nullptr)),
      cache_(server.scheduler(), {.watch_idle_sessions = true, .limits = limits(server.params())}),
      desk_{.scheduler = server.scheduler(),
            .cache = cache_,
            .statistics = statistics_,
            .client_name = server.name() + " socket",
            .ttl_limit = server.params().connection_cache_ttl_limit,
            .stall_limit = server.params().ipc_timeout,
            .relieve = [this] { relieve(); }} {}

ScacheService::~ScacheService() = default;

void ScacheService::post_jail() {
  second_socket_.emplace(server_, desk_);
  start_interval();
}

void ScacheService::on_client(service::Client client) {
  const std::uint64_t id = next_guest_++;
  guests_.emplace(
      id, std::make_unique<Guest>(desk_, std::move(client), [this, id] { guests_.erase(id); }));
}

void ScacheService::on_exit(service::Leaving) {
  second_socket_.reset();
  statistics_.log(std::time(nullptr));
}

void ScacheService::relieve() {
  int shed = 0;
  while (shed < kShedTogether && cache_.shed_one()) ++shed;
  msg::warn("out of file descriptors: {} cached sessions were closed to make room", shed);
}

void ScacheService::start_interval() {
  interval_ =
      server_.scheduler().after(server_.params().connection_cache_status_update_time, [this] {
        statistics_.log(std::time(nullptr));
        start_interval();
      });
}

}  // namespace handoff::scache
