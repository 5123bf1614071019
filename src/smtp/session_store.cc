#include "smtp/session_store.h"

#include <ctime>
#include <utility>

#include "smtp/conversation.h"
#include "smtp/small_dialogues.h"
#include "util/msg.h"

namespace handoff::smtp {

namespace {

// RFC 5321, 4.1.1.10: what the cache says for us when nobody wants the session.
constexpr auto kFarewell = "QUIT\r\n";

void ignore_outcomes(const std::vector<Outcome>& /*outcomes*/) {}

}  // namespace

SessionStore::SessionStore(global::SessionCache* cache, const global::Params& params,
                           LabelScope scope)
    : cache_(cache), params_(params), scope_(std::move(scope)) {}

void SessionStore::begin(Policy policy, const std::string& next_hop) {
  policy_ = policy;
  if (cache_ != nullptr && policy.any()) next_hop_ = next_hop;
}

SessionLife SessionStore::life_of_new_session() const {
  if (cache_ == nullptr || !policy_.store) return SessionLife::once();
  return SessionLife::until(std::time(nullptr) + params_.smtp_connection_reuse_time_limit.count());
}

std::optional<Session> SessionStore::find_by_next_hop(const Server& server) {
  if (!loads() || next_hop_.empty()) return std::nullopt;
  const std::string label = destination_label(scope_, next_hop_);
  auto hit = cache_->find_destination(label);
  if (!hit) return std::nullopt;
  return revive(server, hit->property, std::move(hit->session), label);
}

std::optional<Session> SessionStore::find_by_address(const Server& server) {
  if (!loads()) return std::nullopt;
  const std::string label = endpoint_label(scope_, server, 0);
  auto found = cache_->find_endpoint(label);
  if (!found) return std::nullopt;
  return revive(server, {}, *std::move(found), label);
}

// A session that does not answer well is closed without a word; nobody's mail was concerned.
std::optional<Session> SessionStore::revive(const Server& server, std::string_view destination,
                                            global::Session found, std::string_view label) {
  auto state = activate(server, destination, found.property);
  if (!state) {
    msg::warn("smtp_reuse_common: bad cached session attribute for {}", label);
    return std::nullopt;
  }
  Session session(*std::move(state), std::move(found.connection));
  // A server that has hung up, or that says goodbye without being asked, needs no probe.
  if (session.stream.readable_now()) return std::nullopt;
  RsetProbe probe(session.state, params_);
  Conversation(session.stream, session.state.server, params_).run(probe, ignore_outcomes);
  if (!probe.succeeded()) return std::nullopt;
  return session;
}

bool SessionStore::worn_out(const SessionState& session) const {
  const int count_limit = params_.smtp_connection_reuse_count_limit;
  return session.life.expire_time() < std::time(nullptr) ||
         (count_limit > 0 && session.reuse_count >= count_limit);
}

void SessionStore::release(Session session) {
  SessionLife& life = session.state.life;
  const bool used_up = !life.throttled();
  Conversation conversation(session.stream, session.state.server, params_);
  if (life.cacheable() && worn_out(session.state)) {
    Farewell farewell(session.state, params_);
    conversation.run(farewell, ignore_outcomes);
  }
  if (cache_ != nullptr && life.cacheable() && conversation.quiet()) save(std::move(session));
  if (used_up) next_hop_.clear();
}

void SessionStore::save(Session session) {
  const auto ttl = params_.smtp_connection_cache_time_limit;
  const SessionState& state = session.state;
  const std::string label = endpoint_label(scope_, state.server, state.tls_level);
  const std::string binding = next_hop_.empty() ? "" : destination_property(state);
  global::Session idle{.property = endpoint_property(state),
                       .connection = session.stream.release(),
                       .farewell = kFarewell};
  if (next_hop_.empty()) return cache_->save_endpoint(label, std::move(idle), ttl);
  cache_->save(destination_label(scope_, next_hop_), {.property = binding, .endpoint = label},
               std::move(idle), ttl);
}

}  // namespace handoff::smtp
