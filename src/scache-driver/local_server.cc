#include "scache-driver/local_server.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace handoff::scache_driver {

using namespace std::chrono_literals;

LocalServer::LocalServer(util::Scheduler& scheduler)
    : cache_(scheduler),
      desk_{.scheduler = scheduler,
            .cache = cache_,
            .statistics = statistics_,
            .client_name = "scache socket",
            .ttl_limit = std::chrono::seconds::max() / 10'000,  // the script knows
            .stall_limit = 1h} {}

util::Result<util::UniqueFd> LocalServer::connect() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return util::Error::system("socketpair", errno);
  util::UniqueFd client(ends[0]);
  util::UniqueFd server(ends[1]);
  const auto place = dialogues_.emplace(dialogues_.end());
  *place = std::make_unique<global::scache::Dialogue>(desk_, std::move(server),
                                                      [this, place] { dialogues_.erase(place); });
  return client;
}

}  // namespace handoff::scache_driver
