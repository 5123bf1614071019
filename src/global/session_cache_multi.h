// session_cache_multi.h - the cache that has room for everything: the heart of scache(8).
//
// Saving, finding and expiry take constant time, whatever the number of entries (a destination's
// bindings are walked one by one: a domain has as many as it has mail servers). Time to live has
// millisecond grain. Idle sessions can be watched: one whose remote end closes, fails or says
// something (a 421, most likely) is dropped at once instead of being handed out dead.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "global/session_cache.h"
#include "util/scheduler.h"

namespace handoff::global {

class MultiSessionCache final : public SessionCache {
 public:
  // The oldest session makes room for a new one: of all, of those of one service (the first line
  // of an endpoint's label, as smtp(8) writes them), of one endpoint. 0: no limit.
  struct Limits {
    std::size_t sessions = 0;
    std::size_t service_sessions = 0;
    std::size_t endpoint_sessions = 0;
  };
  // Why a session has left.
  enum class Departure {
    Found,
    Expired,
    Evicted,          // limits.sessions
    ServiceEvicted,   // limits.service_sessions
    EndpointEvicted,  // limits.endpoint_sessions
    Shed,             // shed_one()
    Flushed,          // flush()
    HandedOver,       // give_up_oldest()
    RemoteClosed,
    RemoteError,
    RemoteData,  // it spoke without being asked
  };
  static constexpr std::size_t kDepartures = 11;

  // What there is, for somebody who looks on. Valid during the call only.
  struct SessionView {
    std::string_view endpoint;  // the label
    std::string_view property;
    std::string_view farewell;
    int connection;
    bool watched;
    Ttl age;        // since it was saved
    Ttl remaining;  // at least 1 ms
  };
  struct BindingView {
    std::string_view destination;  // the label
    std::string_view property;
    std::string_view endpoint;  // the label
    Ttl remaining;              // at least 1 ms
  };

  struct Options {
    bool watch_idle_sessions = false;
    Limits limits = {};
    // Before a session is dropped because of what its remote end has done.
    std::function<void(Departure why, const SessionView& session)> on_remote_end = nullptr;
  };

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

  // Closes the sessions of which `wanted` says so, the oldest first and at most `limit`; returns
  // how many.
  std::size_t flush(const std::function<bool(const SessionView&)>& wanted, std::size_t limit);

  // Closes the oldest `count` sessions without a word: another process has them now.
  void give_up_oldest(std::size_t count);

  // Sessions from the oldest on; bindings in the order in which they are used, by destination.
  void for_each_session(const std::function<void(const SessionView&)>& call) const;
  void for_each_binding(const std::function<void(const BindingView&)>& call) const;

  // How many sessions have left so far for this reason.
  [[nodiscard]] std::uint64_t departures(Departure why) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace handoff::global
