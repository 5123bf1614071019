// session_cache_multi.h - the cache that has room for everything: the heart of scache(8).
//
// Saving, finding and expiry take constant time, whatever the number of entries (a destination's
// bindings are walked one by one: a domain has as many as it has mail servers). Time to live has
// millisecond grain. Idle sessions can be watched: one whose remote end closes, fails or says
// something (a 421, most likely) is dropped at once instead of being handed out dead.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "global/session_cache.h"
#include "util/scheduler.h"

namespace handoff::global {

class MultiSessionCache final : public SessionCache {
 public:
  struct Options {
    bool watch_idle_sessions = false;
    std::size_t session_limit = 0;  // the oldest session makes room for a new one; 0: no limit
  };

  // Why a session has left.
  enum class Departure { Found, Expired, Evicted, RemoteClosed, RemoteError, RemoteData };
  static constexpr std::size_t kDepartures = 6;

  explicit MultiSessionCache(util::Scheduler& scheduler);  // must outlive the cache
  MultiSessionCache(util::Scheduler& scheduler, Options options);
  ~MultiSessionCache() override;

  void save_endpoint(std::string_view label, Session session, Ttl ttl) override;
  std::optional<Session> find_endpoint(std::string_view label) override;
  void save_destination(std::string_view label, const Binding& binding, Ttl ttl) override;
  std::optional<DestinationHit> find_destination(std::string_view label) override;
  [[nodiscard]] Size size() const override;

  // Closes the session that is nearest to its expiry, to make room for something more important.
  // False when there is none.
  bool shed_one();

  // How many sessions have left so far for this reason.
  [[nodiscard]] std::uint64_t departures(Departure why) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace handoff::global
