// Five kinds of things, each named by an index into its pool:
//
//   destinations --< bindings >-- endpoints --< sessions >-- services
//   (label)          (property,   (label)       (property,   (name)
//                     deadline)                  connection, deadline)
//
// An endpoint exists as long as it has sessions or bindings: a binding knows its endpoint by
// index, so that finding a destination costs one look-up, and refreshing a binding compares no
// endpoint labels. Sessions and bindings each stand in a deadline queue; one timer serves both.
// Sessions stand in up to three lists, in the order in which they came: of their endpoint, of
// their service, of all. The first of a list makes room when there are too many in it.
#include "global/session_cache_multi.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "global/farewells.h"
#include "global/idle_watch.h"
#include "util/compact_text.h"
#include "util/deadline_queue.h"
#include "util/label_index.h"
#include "util/msg.h"
#include "util/pool.h"
#include "util/result.h"

namespace handoff::global {
namespace {

using util::CompactText;
using util::DeadlineQueue;
using util::kNoIndex;
using util::LabelIndex;
using util::Pool;
using util::PoolDeadline;
using util::PoolIndex;
using util::PoolLinks;
using util::PoolList;
using util::Tick;

using namespace std::chrono_literals;

// So that the end of a hundred thousand entries at one moment does not delay a client.
constexpr int kDeparturesPerTurn = 256;

// One that has closed the session, or said goodbye itself, is told nothing; neither is one that
// somebody else talks to now.
bool remote_end_listens(MultiSessionCache::Departure why) {
  using Departure = MultiSessionCache::Departure;
  switch (why) {
    case Departure::Expired:
    case Departure::Evicted:
    case Departure::ServiceEvicted:
    case Departure::EndpointEvicted:
    case Departure::Shed:
    case Departure::Flushed:
      return true;
    case Departure::Found:
    case Departure::HandedOver:
    case Departure::RemoteClosed:
    case Departure::RemoteError:
    case Departure::RemoteData:
      return false;
  }
  return false;
}

struct CachedSession {
  PoolDeadline deadline;
  CompactText property;
  PoolLinks siblings;     // in its endpoint
  PoolLinks age;          // among all
  PoolLinks service_age;  // in its service
  std::uint32_t order = 0;
  std::uint32_t saved_at = 0;  // the low bits of a Tick: no session gets so old
  PoolIndex endpoint = kNoIndex;
  util::UniqueFd connection;
  Farewells::Number farewell = Farewells::kNone;
  bool watched = false;
};

struct CachedBinding {
  PoolDeadline deadline;
  CompactText property;
  PoolLinks siblings;  // in its destination
  std::uint32_t order = 0;
  PoolIndex destination = kNoIndex;
  PoolIndex endpoint = kNoIndex;
};

// Only where services have a limit.
struct Service {
  CompactText label;  // its name
  std::uint32_t hash = 0;
  std::uint32_t sessions = 0;
  PoolList<CachedSession, &CachedSession::service_age> by_age;
};

struct Endpoint {
  CompactText label;
  std::uint32_t hash = 0;
  std::uint32_t bindings = 0;
  std::uint32_t session_count = 0;
  PoolIndex service = kNoIndex;  // as long as it has sessions
  PoolList<CachedSession, &CachedSession::siblings> sessions;
};

struct Destination {
  CompactText label;
  std::uint32_t hash = 0;
  PoolList<CachedBinding, &CachedBinding::siblings> bindings;
};

// Warns as the original does; a descriptor that is not there anymore is a bug of whoever saved it.
void close_session(util::UniqueFd connection) {
  const int fd = connection.release();
  if (close(fd) < 0)
    msg::warn("scache_multi_drop_endp: close({}): {}", fd, util::errno_text(errno));
}

std::string_view service_of(std::string_view endpoint) {
  return endpoint.substr(0, endpoint.find('\n'));
}

bool full(std::size_t limit, std::size_t size) {
  return limit > 0 && size >= limit;
}

MultiSessionCache::Departure departure_by(IdleWatch::Event event) {
  switch (event) {
    case IdleWatch::Event::Closed:
      return MultiSessionCache::Departure::RemoteClosed;
    case IdleWatch::Event::Data:
      return MultiSessionCache::Departure::RemoteData;
    case IdleWatch::Event::Error:
      break;
  }
  return MultiSessionCache::Departure::RemoteError;
}

template <typename T>
PoolIndex find_label(const Pool<T>& pool, const LabelIndex& index, std::uint32_t hash,
                     std::string_view label) {
  return index.find(hash, [&](PoolIndex at) { return pool[at].label.view() == label; });
}

}  // namespace

class MultiSessionCache::State {
 public:
  State(util::Scheduler& scheduler, Options options)
      : scheduler_(scheduler), options_(std::move(options)), start_(scheduler.now()) {
    if (options_.watch_idle_sessions) {
      watch_.emplace(scheduler, [this](PoolIndex session, int, IdleWatch::Event event) {
        on_idle_event(session, event);
      });
    }
  }
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void save_endpoint(std::string_view label, Session session, Ttl ttl);
  std::optional<Session> find_endpoint(std::string_view label);
  void save_destination(std::string_view label, const Binding& binding, Ttl ttl);
  std::optional<DestinationHit> find_destination(std::string_view label);
  bool shed_one();
  std::size_t flush(const std::function<bool(const SessionView&)>& wanted, std::size_t limit);
  void give_up_oldest(std::size_t count);
  void for_each_session(const std::function<void(const SessionView&)>& call) const;
  void for_each_binding(const std::function<void(const BindingView&)>& call) const;
  [[nodiscard]] Size size() const {
    return {destinations_.size(), endpoints_with_sessions_, sessions_.size()};
  }
  [[nodiscard]] std::uint64_t departures(Departure why) const {
    return departures_[static_cast<std::size_t>(why)];
  }

 private:
  PoolIndex endpoint_for(std::string_view label);
  PoolIndex service_for(std::string_view name);
  void make_room(std::string_view label);
  void enlist(PoolIndex session);
  void strike_out(PoolIndex session);
  PoolIndex destination_for(std::string_view label);
  void forget_if_unused(PoolIndex endpoint);

  Session take(PoolIndex endpoint);
  void drop_session(PoolIndex session, Departure why);
  [[nodiscard]] SessionView view(const CachedSession& session) const;
  util::UniqueFd remove_session(PoolIndex session, Departure why);

  PoolIndex find_binding(const Destination& destination, const Binding& binding) const;
  void drop_binding(PoolIndex binding);

  void on_idle_event(PoolIndex session, IdleWatch::Event event);
  void on_timer();
  bool drop_one_that_is_due(Tick now);
  void arm();
  void arm_for(Tick at);
  // Of something that is still there.
  [[nodiscard]] Ttl remaining(Tick deadline) const {
    return std::max(Ttl(deadline - now()), Ttl(1ms));
  }
  [[nodiscard]] Tick now() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(scheduler_.now() - start_).count();
  }
  // Rounded up: a time to live ends never before its time.
  [[nodiscard]] Tick deadline_after(Ttl ttl) const;

  util::Scheduler& scheduler_;
  const Options options_;
  const util::Scheduler::TimePoint start_;

  Pool<CachedSession> sessions_;
  Pool<CachedBinding> bindings_;
  Pool<Endpoint> endpoints_;
  Pool<Destination> destinations_;
  Pool<Service> services_;
  Farewells farewells_;
  LabelIndex endpoint_labels_;
  LabelIndex destination_labels_;
  LabelIndex service_names_;
  std::size_t endpoints_with_sessions_ = 0;
  PoolList<CachedSession, &CachedSession::age> by_age_;

  DeadlineQueue<CachedSession, &CachedSession::deadline> session_deadlines_{sessions_};
  DeadlineQueue<CachedBinding, &CachedBinding::deadline> binding_deadlines_{bindings_};
  std::uint32_t order_ = 0;  // of deadlines; wraps around
  util::Timer timer_;
  Tick armed_for_ = 0;

  std::optional<IdleWatch> watch_;
  std::array<std::uint64_t, kDepartures> departures_{};
};

// Destinations first, each in the order of its list, as the verbose log of the original has it.
MultiSessionCache::State::~State() {
  destination_labels_.for_each([this](PoolIndex destination) {
    auto& bindings = destinations_[destination].bindings;
    for (PoolIndex at = bindings.first(); at != kNoIndex; at = bindings.after(bindings_, at)) {
      const CachedBinding& binding = bindings_[at];
      msg::debug("scache_multi_drop_dest: dest_prop={} endp_label={}", binding.property.view(),
                 endpoints_[binding.endpoint].label.view());
    }
  });
  endpoint_labels_.for_each([this](PoolIndex endpoint) {
    auto& sessions = endpoints_[endpoint].sessions;
    for (PoolIndex at = sessions.first(); at != kNoIndex; at = sessions.after(sessions_, at)) {
      CachedSession& session = sessions_[at];
      msg::debug("scache_multi_drop_endp: endp_prop={} fd={}", session.property.view(),
                 session.connection.get());
      if (session.watched) watch_->remove(session.connection.get());
      farewells_.say(session.farewell, session.connection.get());
      close_session(std::move(session.connection));
    }
  });
}

// --- Endpoints and their sessions.

PoolIndex MultiSessionCache::State::endpoint_for(std::string_view label) {
  const std::uint32_t hash = util::keyed_hash(label);
  PoolIndex endpoint = find_label(endpoints_, endpoint_labels_, hash, label);
  if (endpoint == kNoIndex) {
    endpoint = endpoints_.make({.label = CompactText(label),
                                .hash = hash,
                                .bindings = 0,
                                .session_count = 0,
                                .service = kNoIndex,
                                .sessions = {}});
    endpoint_labels_.insert(hash, endpoint);
  }
  return endpoint;
}

void MultiSessionCache::State::forget_if_unused(PoolIndex endpoint) {
  const Endpoint& about = endpoints_[endpoint];
  if (about.bindings > 0 || !about.sessions.empty()) return;
  endpoint_labels_.erase(about.hash, endpoint);
  endpoints_.free(endpoint);
}

PoolIndex MultiSessionCache::State::service_for(std::string_view name) {
  const std::uint32_t hash = util::keyed_hash(name);
  PoolIndex service = find_label(services_, service_names_, hash, name);
  if (service == kNoIndex) {
    service =
        services_.make({.label = CompactText(name), .hash = hash, .sessions = 0, .by_age = {}});
    service_names_.insert(hash, service);
  }
  return service;
}

// The narrowest limit first: a session that it sends away makes room for the others, too.
void MultiSessionCache::State::make_room(std::string_view label) {
  const Limits& limits = options_.limits;
  if (limits.endpoint_sessions > 0) {
    const PoolIndex endpoint =
        find_label(endpoints_, endpoint_labels_, util::keyed_hash(label), label);
    if (endpoint != kNoIndex && full(limits.endpoint_sessions, endpoints_[endpoint].session_count))
      drop_session(endpoints_[endpoint].sessions.first(), Departure::EndpointEvicted);
  }
  if (limits.service_sessions > 0) {
    const std::string_view name = service_of(label);
    const PoolIndex service = find_label(services_, service_names_, util::keyed_hash(name), name);
    if (service != kNoIndex && full(limits.service_sessions, services_[service].sessions))
      drop_session(services_[service].by_age.first(), Departure::ServiceEvicted);
  }
  if (full(limits.sessions, sessions_.size())) drop_session(by_age_.first(), Departure::Evicted);
}

void MultiSessionCache::State::save_endpoint(std::string_view label, Session session, Ttl ttl) {
  if (ttl <= 0ms) msg::panic("scache_multi_save_endp: bad ttl: {}", ttl.count());
  msg::debug("scache_multi_save_endp: endp_label={} -> endp_prop={} fd={}", label, session.property,
             session.connection.get());
  make_room(label);
  const int connection = session.connection.get();
  const PoolIndex index = sessions_.make({.deadline = {},
                                          .property = CompactText(session.property),
                                          .siblings = {},
                                          .age = {},
                                          .service_age = {},
                                          .order = order_++,
                                          .saved_at = static_cast<std::uint32_t>(now()),
                                          .endpoint = endpoint_for(label),
                                          .connection = std::move(session.connection),
                                          .farewell = farewells_.number_of(session.farewell),
                                          .watched = false});
  enlist(index);
  const Tick at = deadline_after(ttl);
  session_deadlines_.add(index, at);
  arm_for(at);
  sessions_[index].watched = watch_ && watch_->add(connection, index);
}

void MultiSessionCache::State::enlist(PoolIndex session) {
  Endpoint& endpoint = endpoints_[sessions_[session].endpoint];
  if (endpoint.session_count++ == 0) {
    ++endpoints_with_sessions_;
    if (options_.limits.service_sessions > 0)
      endpoint.service = service_for(service_of(endpoint.label.view()));
  }
  endpoint.sessions.push_back(sessions_, session);
  by_age_.push_back(sessions_, session);
  if (endpoint.service == kNoIndex) return;
  Service& service = services_[endpoint.service];
  ++service.sessions;
  service.by_age.push_back(sessions_, session);
}

// Endpoints and services without sessions go, too.
void MultiSessionCache::State::strike_out(PoolIndex session) {
  const PoolIndex index = sessions_[session].endpoint;
  Endpoint& endpoint = endpoints_[index];
  by_age_.remove(sessions_, session);
  endpoint.sessions.remove(sessions_, session);
  if (endpoint.service != kNoIndex) {
    Service& service = services_[endpoint.service];
    service.by_age.remove(sessions_, session);
    if (--service.sessions == 0) {
      service_names_.erase(service.hash, endpoint.service);
      services_.free(endpoint.service);
    }
  }
  if (--endpoint.session_count > 0) return;
  --endpoints_with_sessions_;
  endpoint.service = kNoIndex;
  forget_if_unused(index);
}

std::optional<Session> MultiSessionCache::State::find_endpoint(std::string_view label) {
  const PoolIndex endpoint =
      find_label(endpoints_, endpoint_labels_, util::keyed_hash(label), label);
  if (endpoint == kNoIndex || endpoints_[endpoint].sessions.empty()) {
    msg::debug("scache_multi_find_endp: no endpoint cache: endp_label={}", label);
    return std::nullopt;
  }
  return take(endpoint);
}

Session MultiSessionCache::State::take(PoolIndex endpoint) {
  const PoolIndex index = endpoints_[endpoint].sessions.first();
  const CachedSession& found = sessions_[index];
  Session session{std::string(found.property.view()), {}};
  msg::debug("scache_multi_find_endp: found: endp_label={} -> endp_prop={} fd={}",
             endpoints_[endpoint].label.view(), session.property, found.connection.get());
  msg::debug("scache_multi_drop_endp: endp_prop={} fd=-1", session.property);
  session.connection = remove_session(index, Departure::Found);
  return session;
}

void MultiSessionCache::State::drop_session(PoolIndex session, Departure why) {
  const CachedSession& leaving = sessions_[session];
  msg::debug("scache_multi_drop_endp: endp_prop={} fd={}", leaving.property.view(),
             leaving.connection.get());
  const Farewells::Number farewell = remote_end_listens(why) ? leaving.farewell : Farewells::kNone;
  util::UniqueFd connection = remove_session(session, why);
  farewells_.say(farewell, connection.get());
  close_session(std::move(connection));
}

util::UniqueFd MultiSessionCache::State::remove_session(PoolIndex session, Departure why) {
  util::UniqueFd connection = std::move(sessions_[session].connection);
  if (sessions_[session].watched) watch_->remove(connection.get());
  session_deadlines_.remove(session);
  strike_out(session);
  sessions_.free(session);
  ++departures_[static_cast<std::size_t>(why)];
  return connection;
}

bool MultiSessionCache::State::shed_one() {
  const PoolIndex session = session_deadlines_.nearest();
  if (session == kNoIndex) return false;
  drop_session(session, Departure::Shed);
  return true;
}

std::size_t MultiSessionCache::State::flush(const std::function<bool(const SessionView&)>& wanted,
                                            std::size_t limit) {
  std::vector<PoolIndex> leaving;
  for (PoolIndex at = by_age_.first(); at != kNoIndex && leaving.size() < limit;
       at = by_age_.after(sessions_, at)) {
    if (wanted(view(sessions_[at]))) leaving.push_back(at);
  }
  for (const PoolIndex session : leaving) drop_session(session, Departure::Flushed);
  return leaving.size();
}

void MultiSessionCache::State::give_up_oldest(std::size_t count) {
  for (; count > 0 && !by_age_.empty(); --count)
    drop_session(by_age_.first(), Departure::HandedOver);
}

MultiSessionCache::SessionView MultiSessionCache::State::view(const CachedSession& session) const {
  return {.endpoint = endpoints_[session.endpoint].label.view(),
          .property = session.property.view(),
          .farewell = farewells_.text(session.farewell),
          .connection = session.connection.get(),
          .watched = session.watched,
          .age = Ttl(static_cast<std::uint32_t>(now()) - session.saved_at),
          .remaining = remaining(session.deadline.at)};
}

void MultiSessionCache::State::for_each_session(
    const std::function<void(const SessionView&)>& call) const {
  for (PoolIndex at = by_age_.first(); at != kNoIndex; at = by_age_.after(sessions_, at))
    call(view(sessions_[at]));
}

void MultiSessionCache::State::for_each_binding(
    const std::function<void(const BindingView&)>& call) const {
  destination_labels_.for_each([&](PoolIndex destination) {
    const Destination& about = destinations_[destination];
    const auto& bindings = about.bindings;
    for (PoolIndex at = bindings.first(); at != kNoIndex; at = bindings.after(bindings_, at)) {
      const CachedBinding& binding = bindings_[at];
      call({.destination = about.label.view(),
            .property = binding.property.view(),
            .endpoint = endpoints_[binding.endpoint].label.view(),
            .remaining = remaining(binding.deadline.at)});
    }
  });
}

// --- Destinations and their bindings.

PoolIndex MultiSessionCache::State::destination_for(std::string_view label) {
  const std::uint32_t hash = util::keyed_hash(label);
  PoolIndex destination = find_label(destinations_, destination_labels_, hash, label);
  if (destination == kNoIndex) {
    destination = destinations_.make({.label = CompactText(label), .hash = hash, .bindings = {}});
    destination_labels_.insert(hash, destination);
  }
  return destination;
}

PoolIndex MultiSessionCache::State::find_binding(const Destination& destination,
                                                 const Binding& binding) const {
  PoolIndex at = destination.bindings.first();
  for (; at != kNoIndex; at = destination.bindings.after(bindings_, at)) {
    const CachedBinding& known = bindings_[at];
    if (known.property.view() == binding.property &&
        endpoints_[known.endpoint].label.view() == binding.endpoint)
      break;
  }
  return at;
}

void MultiSessionCache::State::save_destination(std::string_view label, const Binding& binding,
                                                Ttl ttl) {
  if (ttl <= 0ms) msg::panic("scache_multi_save_dest: bad ttl: {}", ttl.count());
  const PoolIndex destination = destination_for(label);
  PoolIndex index = find_binding(destinations_[destination], binding);
  const bool refreshed = index != kNoIndex;
  if (refreshed) {
    binding_deadlines_.remove(index);
  } else {
    const PoolIndex endpoint = endpoint_for(binding.endpoint);
    ++endpoints_[endpoint].bindings;
    index = bindings_.make({.deadline = {},
                            .property = CompactText(binding.property),
                            .siblings = {},
                            .order = 0,
                            .destination = destination,
                            .endpoint = endpoint});
    destinations_[destination].bindings.push_back(bindings_, index);
  }
  bindings_[index].order = order_++;
  const Tick at = deadline_after(ttl);
  binding_deadlines_.add(index, at);
  arm_for(at);
  msg::debug("scache_multi_save_dest: dest_label={} -> dest_prop={} endp_label={}{}", label,
             binding.property, binding.endpoint, refreshed ? " (refreshed)" : "");
}

std::optional<DestinationHit> MultiSessionCache::State::find_destination(std::string_view label) {
  const PoolIndex destination =
      find_label(destinations_, destination_labels_, util::keyed_hash(label), label);
  if (destination == kNoIndex) {
    msg::debug("scache_multi_find_dest: no destination cache: dest_label={}", label);
    return std::nullopt;
  }
  const auto& bindings = destinations_[destination].bindings;
  for (PoolIndex at = bindings.first(); at != kNoIndex; at = bindings.after(bindings_, at)) {
    const CachedBinding& binding = bindings_[at];
    const Endpoint& endpoint = endpoints_[binding.endpoint];
    if (!endpoint.sessions.empty())
      return DestinationHit{std::string(binding.property.view()), take(binding.endpoint)};
    msg::debug("scache_multi_find_endp: no endpoint cache: endp_label={}", endpoint.label.view());
  }
  msg::debug("scache_multi_find_dest: not found: dest_label={}", label);
  return std::nullopt;
}

void MultiSessionCache::State::drop_binding(PoolIndex binding) {
  const PoolIndex destination = bindings_[binding].destination;
  const PoolIndex endpoint = bindings_[binding].endpoint;
  msg::debug("scache_multi_drop_dest: dest_prop={} endp_label={}",
             bindings_[binding].property.view(), endpoints_[endpoint].label.view());
  binding_deadlines_.remove(binding);
  destinations_[destination].bindings.remove(bindings_, binding);
  bindings_.free(binding);
  if (destinations_[destination].bindings.empty()) {
    destination_labels_.erase(destinations_[destination].hash, destination);
    destinations_.free(destination);
  }
  --endpoints_[endpoint].bindings;
  forget_if_unused(endpoint);
}

// --- Time, and what the remote ends do.

void MultiSessionCache::State::on_idle_event(PoolIndex session, IdleWatch::Event event) {
  const Departure why = departure_by(event);
  if (options_.on_remote_end) options_.on_remote_end(why, view(sessions_[session]));
  drop_session(session, why);
}

Tick MultiSessionCache::State::deadline_after(Ttl ttl) const {
  return std::chrono::ceil<std::chrono::milliseconds>(scheduler_.now() - start_).count() +
         ttl.count();
}

void MultiSessionCache::State::on_timer() {
  const Tick present = now();
  for (int i = 0; i < kDeparturesPerTurn; ++i) {
    if (!drop_one_that_is_due(present)) break;
  }
  arm();
}

// Of a session and a binding that end at the same moment, that one first whose time was set first.
bool MultiSessionCache::State::drop_one_that_is_due(Tick present) {
  const PoolIndex session = session_deadlines_.due(present);
  const PoolIndex binding = binding_deadlines_.due(present);
  if (session == kNoIndex && binding == kNoIndex) return false;
  bool session_first = binding == kNoIndex;
  if (session != kNoIndex && binding != kNoIndex) {
    const CachedSession& a = sessions_[session];
    const CachedBinding& b = bindings_[binding];
    session_first = a.deadline.at != b.deadline.at
                        ? a.deadline.at < b.deadline.at
                        : static_cast<std::int32_t>(a.order - b.order) < 0;
  }
  if (session_first)
    drop_session(session, Departure::Expired);
  else
    drop_binding(binding);
  return true;
}

void MultiSessionCache::State::arm() {
  const auto session = session_deadlines_.next_turn();
  const auto binding = binding_deadlines_.next_turn();
  if (!session && !binding) return timer_.cancel();
  constexpr Tick kNever = std::numeric_limits<Tick>::max();
  timer_.cancel();
  arm_for(std::min(session.value_or(kNever), binding.value_or(kNever)));
}

void MultiSessionCache::State::arm_for(Tick at) {
  if (timer_.pending() && armed_for_ <= at) return;
  armed_for_ = at;
  const auto moment = start_ + std::chrono::milliseconds(at);
  const auto delay = std::chrono::ceil<std::chrono::milliseconds>(moment - scheduler_.now());
  timer_ = scheduler_.after(std::max(delay, 0ms), [this] { on_timer(); });
}

// --- The public face.

MultiSessionCache::MultiSessionCache(util::Scheduler& scheduler)
    : MultiSessionCache(scheduler, Options()) {}
MultiSessionCache::MultiSessionCache(util::Scheduler& scheduler, Options options)
    : state_(std::make_unique<State>(scheduler, std::move(options))) {}
MultiSessionCache::~MultiSessionCache() = default;

void MultiSessionCache::save_endpoint(std::string_view label, Session session, Ttl ttl) {
  state_->save_endpoint(label, std::move(session), ttl);
}
std::optional<Session> MultiSessionCache::find_endpoint(std::string_view label) {
  return state_->find_endpoint(label);
}
void MultiSessionCache::save_destination(std::string_view label, const Binding& binding, Ttl ttl) {
  state_->save_destination(label, binding, ttl);
}
std::optional<DestinationHit> MultiSessionCache::find_destination(std::string_view label) {
  return state_->find_destination(label);
}
SessionCache::Size MultiSessionCache::size() const {
  return state_->size();
}
bool MultiSessionCache::shed_one() {
  return state_->shed_one();
}
std::size_t MultiSessionCache::flush(const std::function<bool(const SessionView&)>& wanted,
                                     std::size_t limit) {
  return state_->flush(wanted, limit);
}
void MultiSessionCache::give_up_oldest(std::size_t count) {
  state_->give_up_oldest(count);
}
void MultiSessionCache::for_each_session(
    const std::function<void(const SessionView&)>& call) const {
  state_->for_each_session(call);
}
void MultiSessionCache::for_each_binding(
    const std::function<void(const BindingView&)>& call) const {
  state_->for_each_binding(call);
}
std::uint64_t MultiSessionCache::departures(Departure why) const {
  return state_->departures(why);
}

}  // namespace handoff::global
