// local_server.h - an scache server in the driver's own process, and on its clock.
//
// A multi cache behind the protocol, as in scache(8), without a socket in the file system.
#pragma once

#include <list>
#include <memory>

#include "global/scache_dialogue.h"
#include "global/session_cache_multi.h"
#include "util/result.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::scache_driver {

class LocalServer {
 public:
  explicit LocalServer(util::Scheduler& scheduler);

  // The client's end of a new connection.
  util::Result<util::UniqueFd> connect();
  [[nodiscard]] global::SessionCache::Size size() const { return cache_.size(); }

 private:
  global::MultiSessionCache cache_;
  global::scache::Statistics statistics_{0};
  global::scache::Desk desk_;
  std::list<std::unique_ptr<global::scache::Dialogue>> dialogues_;
};

}  // namespace handoff::scache_driver
