// succession.h - the cache goes from one scache(8) process to the next.
//
// The process that has to go connects to its own service's socket, which master(8) keeps open: the
// connection waits there for the next process, which master(8) starts because of it. On it travel
//
//   request=inherit                  with an in-memory file attached: a cache snapshot
//   NUL, NUL, ...                    each with up to 253 descriptors: the cached connections, in
//                                    the snapshot's order, and then the clients at rest
//
// and nothing comes back. So a client of the first socket, which stock's delays for a second when
// it is told to come again, sees nothing of it all: what it asks meanwhile waits for an answer. A
// successor that does not know the request closes them all. For that one's sake a small process
// stays connected until the request has been read, for some seconds at most.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "global/cache_snapshot.h"
#include "global/session_cache_multi.h"
#include "util/result.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::scache {

// Sends everything, and copies of `clients`, to whoever accepts next at `socket_path`, and gives up
// the sessions that went, without farewells. Does not wait. How many sessions went; they are fewer
// than there were when no more fitted into the socket; then no client went. An error when nobody
// listens there, and then nothing has changed.
util::Result<std::size_t> bequeath(global::MultiSessionCache& cache,
                                   std::span<const util::UniqueFd> clients,
                                   const std::string& socket_path, util::Scheduler::TimePoint now);

// The successor's side of the connection, from behind the request on. Never waits.
class Heir {
 public:
  // What came: as many connections as the predecessor could send, for the first sessions of the
  // snapshot.
  struct Estate {
    global::CacheSnapshot snapshot;
    std::vector<util::UniqueFd> connections;
    std::vector<util::UniqueFd> clients;
  };

  // `done` is called once, when all has come or no more will; it may destroy the Heir.
  Heir(util::Scheduler& scheduler, util::UniqueFd socket, global::CacheSnapshot snapshot,
       std::function<void(Estate)> done);
  Heir(const Heir&) = delete;
  Heir& operator=(const Heir&) = delete;

 private:
  void on_readable();

  util::UniqueFd socket_;
  Estate estate_;
  std::function<void(Estate)> done_;
  util::Watch readable_;
};

// Puts everything into the cache, with the time that is left, at most `ttl_limit`. How many
// sessions that were.
std::size_t restore(global::MultiSessionCache& cache, Heir::Estate estate,
                    util::Scheduler::TimePoint now, global::SessionCache::Ttl ttl_limit);

}  // namespace handoff::scache
