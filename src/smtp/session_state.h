// session_state.h - what is known about one session with a server, whoever drives it.
//
// It is born with a connection or comes back from the connection cache, and is what the cache
// stores when the session goes there (cache_entry.h).
#pragma once

#include <cstdint>
#include <string>

#include "smtp/features.h"
#include "smtp/server.h"

namespace handoff::smtp {

// May others use the session after us, and did it bring the whole site into trouble?
class SessionLife {
 public:
  // A session that may be cached until then (seconds since the epoch).
  static SessionLife until(std::int64_t expire_time) { return SessionLife(expire_time); }
  static SessionLife once() { return SessionLife(0); }

  [[nodiscard]] bool cacheable() const { return expire_time_ > 0 && !throttled_ && !forbidden_; }
  [[nodiscard]] std::int64_t expire_time() const { return expire_time_; }
  void do_not_cache() { expire_time_ = 0; }

  // The site is in trouble: the destination keeps its label for the next server.
  void throttle() {
    throttled_ = !forbidden_;
    expire_time_ = 0;
  }
  [[nodiscard]] bool throttled() const { return throttled_; }

  // The dialogue is in a state where not even QUIT may be said.
  void forbid() {
    forbidden_ = true;
    expire_time_ = 0;
  }
  [[nodiscard]] bool forbidden() const { return forbidden_; }

 private:
  explicit SessionLife(std::int64_t expire_time) : expire_time_(expire_time) {}

  std::int64_t expire_time_;
  bool throttled_ = false;
  bool forbidden_ = false;
};

struct SessionState {
  Server server;
  SessionLife life = SessionLife::once();
  feature::Set features = 0;
  std::int64_t size_limit = 0;  // what the server takes; 0 when it did not say
  int reuse_count = 0;
  int tls_level = 0;
  std::string tls_context;  // behind tlsproxy(8): what the cache stores of it, verbatim
  std::string helo_name;    // how the server calls itself

  [[nodiscard]] bool has(feature::Set wanted) const { return (features & wanted) == wanted; }
  [[nodiscard]] bool from_cache() const { return has(feature::kFromCache); }
};

}  // namespace handoff::smtp
