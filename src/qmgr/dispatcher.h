// dispatcher.h - which delivery comes next: transports, destinations and their windows.
//
// The heart of the queue manager, and pure: no files, no sockets; time comes from a Scheduler and
// a wall clock that are handed in. What it decides is carried out by others.
//
// A transport has destinations (next-hops), a destination has entries (requests that wait) and a
// window (deliveries at a time). When an agent of a transport is ready for work, the oldest message
// that has an entry for a destination with room in its window is served, and the destinations of
// one message take turns. (Stock can let a small message overtake a big one; here, a message
// waits for older ones only where they share a transport all of whose agents are busy.)
//
// A destination or transport that is in trouble is *dead* for a while: its waiting entries are
// handed back, to be deferred, and so is mail that comes later.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "global/dsn.h"
#include "global/recipient.h"
#include "qmgr/cache_flags.h"
#include "qmgr/message.h"
#include "qmgr/transport_settings.h"
#include "qmgr/window.h"
#include "util/scheduler.h"

namespace handoff::qmgr {

class Destination;
class Transport;

// One delivery request: recipients of one message that go to one destination.
struct Entry {
  Message* message = nullptr;  // outlives it
  Transport* transport = nullptr;
  Destination* destination = nullptr;
  std::vector<global::Recipient> recipients;
  int cache_flags = 0;  // once selected
};
using Entries = std::vector<std::unique_ptr<Entry>>;

class Destination {
 public:
  Destination(Transport& of, std::string queue_name, std::string next_hop);

  Transport& transport;
  const std::string name;     // in lower case, unique within the transport
  const std::string nexthop;  // as agents are told

  [[nodiscard]] bool dead() const { return window.dead(); }
  [[nodiscard]] bool empty() const { return waiting.empty() && busy == 0; }
  // How many of the waiting entries may be sent now.
  [[nodiscard]] int room() const;

  Window window;
  CacheFlags cache;
  std::deque<std::unique_ptr<Entry>> waiting;  // oldest message first
  int busy = 0;
  global::Dsn why_dead;
  util::Timer revival;
  util::Timer pause;  // rate delay: nothing is sent while it is pending
  std::uint64_t turn = 0;
  // What the transport has noted about it.
  int noted_room = 0;
  std::uint64_t noted_sequence = 0;
  std::uint64_t noted_turn = 0;
};

class Transport {
 public:
  Transport(std::string service_name, TransportSettings limits)
      : name(std::move(service_name)), settings(std::move(limits)) {}

  const std::string name;
  const TransportSettings settings;
  std::map<std::string, std::unique_ptr<Destination>, std::less<>> destinations;
  int pending = 0;  // connections to agents that have not said hello yet
  bool dead = false;
  global::Dsn why_dead;
  util::Timer revival;
  util::Timer pause;  // rate delay
  int room = 0;       // over all destinations

  // Destinations with room: by the age of their oldest message, then by turn.
  using Key = std::tuple<std::uint64_t, std::uint64_t, Destination*>;
  std::set<Key> ready;
};

class Dispatcher {
 public:
  using WallClock = std::function<std::int64_t()>;  // seconds since the epoch
  using SettingsOf = std::function<TransportSettings(const std::string& transport)>;

  struct Options {
    std::chrono::milliseconds destination_retry{300'000};  // minimal_backoff_time
    std::chrono::milliseconds transport_retry{60'000};     // transport_retry_time
    int pending_limit = 2;             // unannounced connections of one transport
    std::size_t memory_limit = 40000;  // destinations; dead ones are forgotten beyond that
    bool log_feedback = false;         // destination_concurrency_feedback_debug
  };

  Dispatcher(util::Scheduler& scheduler, WallClock clock, SettingsOf settings, Options options);

  // Called when something may have become possible that was not before.
  void on_opportunity(std::function<void()> call) { on_opportunity_ = std::move(call); }

  Transport& transport(const std::string& name);
  Destination& destination(Transport& transport, std::string_view name, std::string_view nexthop);
  void add(std::unique_ptr<Entry> entry);

  // The next transport, taking turns, that could use one more agent; null when there is none.
  Transport* wants_agent();
  void agent_pending(Transport& transport) { ++transport.pending; }
  // Or went away. Its place among the pending ones is free for another.
  void agent_arrived(Transport& transport);
  // Work for an agent that is ready; null when there is none (any more).
  std::unique_ptr<Entry> select(Transport& transport);

  // The outcome of a selected entry, with regard to its destination. The first two that apply:
  enum class Outcome {
    Good,     // got through
    Trouble,  // could not reach the destination: `why`
    Neutral,  // does not tell anything about it
  };
  // Entries that come back must be deferred for destination.why_dead; the destination may be gone
  // unless there are any.
  Entries done(const Entry& entry, Outcome outcome, const global::Dsn& why = {});

  // For a while. The entries that wait for it come back.
  Entries throttle(Transport& transport, const global::Dsn& why);
  void unthrottle(Transport& transport);
  void unthrottle(Destination& destination);
  // Everything that is dead gets another chance now.
  void unthrottle_all();

  [[nodiscard]] std::size_t destinations() const { return destination_count_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Transport>>& transports() const {
    return transports_;
  }

 private:
  Entries take_waiting(Destination& destination);
  void note(Destination& destination);
  void forget_if_idle(Destination& destination);
  void kill(Destination& destination, const global::Dsn& why);
  void pause(Destination& destination);
  void pause(Transport& transport);
  void feed_back(Destination& destination, Outcome outcome, const global::Dsn& why);
  void opportunity() {
    if (on_opportunity_) on_opportunity_();
  }

  util::Scheduler& scheduler_;
  WallClock clock_;
  SettingsOf settings_of_;
  Options options_;
  std::function<void()> on_opportunity_;
  std::map<std::string, std::unique_ptr<Transport>> transports_;
  std::list<Transport*> turns_;
  std::size_t destination_count_ = 0;
  std::uint64_t turn_ = 0;
};

}  // namespace handoff::qmgr
