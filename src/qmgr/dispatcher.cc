#include "qmgr/dispatcher.h"

#include <algorithm>
#include <utility>

#include "util/msg.h"

namespace handoff::qmgr {

Destination::Destination(Transport& of, std::string queue_name, std::string next_hop)
    : transport(of),
      name(std::move(queue_name)),
      nexthop(std::move(next_hop)),
      window(of.settings.window) {}

int Destination::room() const {
  if (dead() || pause.pending()) return 0;
  return std::max(0, std::min(window.size() - busy, static_cast<int>(waiting.size())));
}

Dispatcher::Dispatcher(util::Scheduler& scheduler, WallClock clock, SettingsOf settings,
                       Options options)
    : scheduler_(scheduler),
      clock_(std::move(clock)),
      settings_of_(std::move(settings)),
      options_(options) {}

Transport& Dispatcher::transport(const std::string& name) {
  auto& slot = transports_[name];
  if (!slot) {
    slot = std::make_unique<Transport>(name, settings_of_(name));
    turns_.push_back(slot.get());
  }
  return *slot;
}

Destination& Dispatcher::destination(Transport& transport, std::string_view name,
                                     std::string_view nexthop) {
  const auto found = transport.destinations.find(name);
  if (found != transport.destinations.end()) return *found->second;
  auto made = std::make_unique<Destination>(transport, std::string(name), std::string(nexthop));
  Destination& destination = *made;
  transport.destinations.emplace(destination.name, std::move(made));
  destination.turn = ++turn_;  // behind those that wait already
  ++destination_count_;
  return destination;
}

// Mail that was read later than other parts of its message is older than what has come since.
void Dispatcher::add(std::unique_ptr<Entry> entry) {
  Destination& destination = *entry->destination;
  const std::uint64_t sequence = entry->message->sequence;
  auto at = destination.waiting.end();
  while (at != destination.waiting.begin() && (*std::prev(at))->message->sequence > sequence) --at;
  destination.waiting.insert(at, std::move(entry));
  note(destination);
}

// Brings the transport's view of a destination up to date: after each change.
void Dispatcher::note(Destination& destination) {
  Transport& transport = destination.transport;
  if (destination.noted_room > 0)
    transport.ready.erase({destination.noted_sequence, destination.noted_turn, &destination});
  transport.room -= destination.noted_room;
  destination.noted_room = destination.room();
  transport.room += destination.noted_room;
  if (destination.noted_room == 0) return;
  destination.noted_sequence = destination.waiting.front()->message->sequence;
  destination.noted_turn = destination.turn;
  transport.ready.insert({destination.noted_sequence, destination.noted_turn, &destination});
}

Transport* Dispatcher::wants_agent() {
  for (auto at = turns_.begin(); at != turns_.end(); ++at) {
    Transport& transport = **at;
    const bool paced = transport.settings.transport_rate_delay.count() > 0;
    const int limit = paced ? 1 : options_.pending_limit;
    if (transport.dead || transport.pause.pending() || transport.pending >= limit ||
        transport.room <= transport.pending)
      continue;
    turns_.splice(turns_.end(), turns_, at);
    return &transport;
  }
  return nullptr;
}

// Several deliveries may have ended in one turn of the loop, when there was a place for only two
// successors: without a word at the arrival of these, the others would never get theirs.
void Dispatcher::agent_arrived(Transport& transport) {
  --transport.pending;
  if (transport.room > transport.pending) opportunity();
}

std::unique_ptr<Entry> Dispatcher::select(Transport& transport) {
  if (transport.ready.empty() || transport.dead || transport.pause.pending()) return nullptr;
  Destination& destination = *std::get<Destination*>(*transport.ready.begin());
  std::unique_ptr<Entry> entry = std::move(destination.waiting.front());
  destination.waiting.pop_front();
  ++destination.busy;
  destination.turn = ++turn_;
  entry->cache_flags = destination.cache.on_selected(destination.busy, clock_());
  note(destination);
  if (transport.settings.transport_rate_delay.count() > 0) pause(transport);
  return entry;
}

void Dispatcher::pause(Transport& transport) {
  transport.pause =
      scheduler_.after(transport.settings.transport_rate_delay, [this] { opportunity(); });
}

// After a pause, one delivery at a time.
void Dispatcher::pause(Destination& destination) {
  destination.pause =
      scheduler_.after(destination.transport.settings.destination_rate_delay, [this, &destination] {
        destination.pause.cancel();
        if (!destination.dead()) destination.window.restart(1);
        note(destination);
        forget_if_idle(destination);
        opportunity();
      });
}

void Dispatcher::kill(Destination& destination, const global::Dsn& why) {
  destination.window.kill();
  destination.why_dead = why;
  destination.cache.forget();
  destination.revival = scheduler_.after(options_.destination_retry,
                                         [this, &destination] { unthrottle(destination); });
}

void Dispatcher::feed_back(Destination& destination, Outcome outcome, const global::Dsn& why) {
  if (outcome == Outcome::Neutral) return;
  if (outcome == Outcome::Good) {
    destination.revival.cancel();
    destination.window.good(destination.busy);
  } else if (!destination.dead()) {
    destination.window.bad();
    if (destination.dead()) kill(destination, why);
  }
  if (options_.log_feedback)
    msg::info("{}: queue {}: limit {} window {} success {:g} failure {:g} fail_cohorts {:g}",
              outcome == Outcome::Good ? "qmgr_queue_unthrottle" : "qmgr_queue_throttle",
              destination.name, destination.transport.settings.window.limit,
              destination.window.size(), destination.window.success(), destination.window.failure(),
              destination.window.failed_cohorts());
}

Entries Dispatcher::done(const Entry& entry, Outcome outcome, const global::Dsn& why) {
  Destination& destination = *entry.destination;
  feed_back(destination, outcome, why);  // while the entry still counts as busy
  --destination.busy;
  destination.cache.on_done(clock_());
  Entries orphans;
  if (destination.dead())
    orphans = take_waiting(destination);
  else if (destination.transport.settings.destination_rate_delay.count() > 0)
    pause(destination);
  note(destination);
  if (orphans.empty()) forget_if_idle(destination);
  opportunity();
  return orphans;
}

Entries Dispatcher::take_waiting(Destination& destination) {
  Entries entries(std::make_move_iterator(destination.waiting.begin()),
                  std::make_move_iterator(destination.waiting.end()));
  destination.waiting.clear();
  note(destination);
  return entries;
}

// A dead destination is worth remembering, an idle one is not: its history ends with its mail.
void Dispatcher::forget_if_idle(Destination& destination) {
  if (!destination.empty() || destination.pause.pending()) return;
  if (destination.dead() && destination_count_ <= options_.memory_limit) return;
  note(destination);
  --destination_count_;
  destination.transport.destinations.erase(destination.name);
}

Entries Dispatcher::throttle(Transport& transport, const global::Dsn& why) {
  transport.dead = true;
  transport.why_dead = why;
  transport.revival =
      scheduler_.after(options_.transport_retry, [this, &transport] { unthrottle(transport); });
  Entries orphans;
  for (const auto& [name, destination] : transport.destinations)
    for (auto& entry : take_waiting(*destination)) orphans.push_back(std::move(entry));
  return orphans;
}

void Dispatcher::unthrottle(Transport& transport) {
  if (!transport.dead) return;
  transport.dead = false;
  transport.revival.cancel();
  opportunity();
}

void Dispatcher::unthrottle(Destination& destination) {
  if (!destination.dead()) return;
  destination.revival.cancel();
  destination.window.revive();
  note(destination);
  forget_if_idle(destination);
  opportunity();
}

void Dispatcher::unthrottle_all() {
  for (const auto& [name, transport] : transports_) {
    unthrottle(*transport);
    for (auto at = transport->destinations.begin(); at != transport->destinations.end();)
      unthrottle(*(at++)->second);  // may erase it
  }
}

}  // namespace handoff::qmgr
