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
  return connect_to(dialogues_, SOCK_STREAM);
}

util::Result<util::UniqueFd> LocalServer::connect_second() {
  return connect_to(extension_dialogues_, SOCK_SEQPACKET);
}

template <typename Dialogue>
util::Result<util::UniqueFd> LocalServer::connect_to(
    std::list<std::unique_ptr<Dialogue>>& dialogues, int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
    return util::Error::system("socketpair", errno);
  util::UniqueFd client(ends[0]);
  util::UniqueFd server(ends[1]);
  const auto place = dialogues.emplace(dialogues.end());
  *place = std::make_unique<Dialogue>(desk_, std::move(server),
                                      [&dialogues, place] { dialogues.erase(place); });
  return client;
}

}  // namespace handoff::scache_driver
