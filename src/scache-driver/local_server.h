// local_server.h - an scache server in the driver's own process, and on its clock.
//
// A multi cache behind the protocol, as in scache(8), without a socket in the file system.
#pragma once

#include <list>
#include <memory>

#include "global/scache_dialogue.h"
#include "global/scache_extension.h"
#include "global/session_cache_multi.h"
#include "util/result.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::scache_driver {

class LocalServer {
 public:
  explicit LocalServer(util::Scheduler& scheduler);

  // The client's end of a new connection, as to the first socket of scache(8) or to the second.
  util::Result<util::UniqueFd> connect();
  util::Result<util::UniqueFd> connect_second();
  [[nodiscard]] global::SessionCache::Size size() const { return cache_.size(); }

 private:
  template <typename Dialogue>
  util::Result<util::UniqueFd> connect_to(std::list<std::unique_ptr<Dialogue>>& dialogues,
                                          int type);

  global::MultiSessionCache cache_;
  global::scache::Statistics statistics_{0};
  global::scache::Desk desk_;
  std::list<std::unique_ptr<global::scache::Dialogue>> dialogues_;
  std::list<std::unique_ptr<global::scache::ExtensionDialogue>> extension_dialogues_;
};

}  // namespace handoff::scache_driver
