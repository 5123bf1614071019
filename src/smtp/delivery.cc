#include "smtp/delivery.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "global/postlog_proto.h"
#include "smtp/conversation.h"
#include "smtp/handshake.h"
#include "smtp/message_text.h"
#include "smtp/small_dialogues.h"
#include "smtp/transaction.h"
#include "util/msg.h"
#include "util/postlog_prefix.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

using global::Dsn;
using global::TimeStamp;

LabelScope scope_of(const Context& context, const global::DeliveryRequest& request) {
  LabelScope scope;
  scope.service = context.service;
  scope.with_credentials = !context.params.smtp_sasl_password_maps.empty();
  if (scope.with_credentials && context.params.smtp_sender_dependent_authentication)
    scope.sender = request.sender;
  return scope;
}

bool reaches(int count, int limit) {
  return limit > 0 && count == limit;
}

bool needs_7bit(const global::DeliveryRequest& request, const SessionState& session,
                const global::Params& params) {
  return !session.has(feature::k8BitMime) && request.encoding != global::encoding::k7Bit &&
         !params.disable_mime_output_conversion;
}

void ignore_outcomes(const std::vector<Outcome>& /*outcomes*/) {}

}  // namespace

Delivery::Delivery(Context& context, global::DeliveryJob& job)
    : context_(context),
      job_(job),
      ledger_(job, context.reporter, context.params.soft_bounce),
      store_(context.cache, context.params, scope_of(context, job.request)) {}

global::DeliveryReply Delivery::run() {
  const auto regular = split_next_hops(job_.request.nexthop);
  std::vector<std::string> elements = regular;
  for (std::string& element : split_next_hops(context_.params.smtp_fallback_relay))
    elements.push_back(std::move(element));
  Place place;
  for (std::size_t i = 0; i < elements.size() && !done(); ++i) {
    place = {.first = i == 0, .last = i + 1 == elements.size(), .fallback = i >= regular.size()};
    try_element(elements[i], place);
    if (place.last) break;
  }
  if (!done()) give_up(place);
  return ledger_.reply();
}

void Delivery::try_element(const std::string& element, Place& place) {
  auto hop = parse_next_hop(element, context_.ports);
  if (!hop) {
    msg::warn("{}: {}", job_.request.queue_id, hop.error().what);
    failure_ = Dsn::simple("4.3.5", "mail system configuration error");
    return;
  }
  Route route = context_.router.find(*hop);
  if (route.found_self) place.last = true;
  if (route.candidates.empty()) {
    failure_ = route.failure;
    return;
  }
  if (place.first) store_.begin(policy(element), element);
  try_servers(*hop, route, place.last);
}

SessionStore::Policy Delivery::policy(const std::string& element) const {
  if (context_.always_cached && context_.always_cached(bare_name(element)))
    return {.load = true, .store = true};
  if (!context_.params.smtp_connection_cache_on_demand) return {};
  const int flags = job_.request.flags;
  return {.load = (flags & global::request_flag::kCacheLoad) != 0,
          .store = (flags & global::request_flag::kCacheStore) != 0};
}

// --- The servers of one element.

void Delivery::try_servers(const NextHop& hop, Route& route, bool last_element) {
  const int best = route.best_preference();
  Budget budget;
  if (store_.loads()) budget = reuse_sessions(hop, route.candidates, last_element);
  for (std::size_t i = 0; i < route.candidates.size() && !done(); ++i) {
    const Candidate& candidate = route.candidates[i];
    bool last = i + 1 == route.candidates.size() ||
                reaches(++budget.addresses, context_.params.smtp_mx_address_limit);
    const Server server = server_of(hop, candidate);
    std::optional<Session> session;
    if (candidate.preference != best) session = store_.find_by_address(server);
    const bool reused = session.has_value();
    if (!session) session = connect(server, candidate);
    if (session) {
      if (candidate.preference == best) session->state.features |= feature::kBestMx;
      bool went_well = reused || shake_hands(*session, last_element && last);
      if (went_well) {
        last = last || reaches(++budget.sessions, context_.params.smtp_mx_session_limit);
        deliver(*session, last_element && last);
        went_well = !session->state.life.throttled();
      }
      end(*std::move(session), went_well);
    }
    if (last) break;
  }
}

Server Delivery::server_of(const NextHop& hop, const Candidate& candidate) {
  return {.next_hop = hop.element,
          .host = candidate.host,
          .address = candidate.address.text(),
          .port = hop.port};
}

// Sessions that somebody else has left: one by the next-hop, then those with the best servers.
Delivery::Budget Delivery::reuse_sessions(const NextHop& hop, std::vector<Candidate>& candidates,
                                          bool last_element) {
  Budget budget;
  std::erase_if(candidates, [this](const Candidate& each) {
    return used_addresses_.contains(each.address.text());
  });
  if (candidates.empty()) return budget;
  const int best = candidates.front().preference;
  if (!done()) {
    const Server wanted{.next_hop = hop.element, .host = {}, .address = {}, .port = hop.port};
    if (auto session = store_.find_by_next_hop(wanted)) {
      count_reuse(budget, session->state.server, candidates);
      deliver(*session, last_element && candidates.empty());
      const bool went_well = !session->state.life.throttled();
      end(*std::move(session), went_well);
    }
  }
  const std::vector<Candidate> in_order = candidates;
  for (const Candidate& candidate : in_order) {
    if (done() || candidates.empty() || candidate.preference != best) break;
    const Server server = server_of(hop, candidate);
    auto session = store_.find_by_address(server);
    if (!session) continue;
    session->state.features |= feature::kBestMx;
    count_reuse(budget, server, candidates);
    deliver(*session, last_element && candidates.empty());
    const bool went_well = !session->state.life.throttled();
    end(*std::move(session), went_well);
  }
  return budget;
}

// That server has had its chance; at the limits all of them have.
void Delivery::count_reuse(Budget& budget, const Server& server,
                           std::vector<Candidate>& candidates) {
  ++budget.sessions;
  ++budget.addresses;
  used_addresses_.insert(server.address);
  if (reaches(budget.sessions, context_.params.smtp_mx_session_limit) ||
      reaches(budget.addresses, context_.params.smtp_mx_address_limit))
    candidates.clear();
  else
    std::erase_if(candidates, [&server](const Candidate& each) {
      return each.address.text() == server.address;
    });
}

// --- One server.

std::optional<Session> Delivery::connect(const Server& server, const Candidate& candidate) {
  SessionState state;
  state.server = server;
  state.life = store_.life_of_new_session();
  auto connection = connect_to(candidate.address, context_.connect);
  if (connection) return Session(std::move(state), *std::move(connection));
  const util::Error& why = connection.error();
  failure_ = why.kind == util::Error::Kind::Syntax
                 ? Dsn::simple("4.4.0", why.what)
                 : Dsn::simple("4.4.1",
                               fmt::format("connect to {}: {}", server.name_and_port(), why.what));
  msg::info("{}", failure_.reason);
  return std::nullopt;
}

bool Delivery::shake_hands(Session& session, bool last_chance) {
  const util::msg::PostlogPrefix log(log_prefix(session));
  Conversation conversation(session.stream, session.state.server, context_.params);
  Handshake handshake(session.state, context_.params, context_.discarded, job_.request.queue_id);
  conversation.run(handshake, [&](const std::vector<Outcome>& outcomes) {
    if (outcomes.empty()) return;
    job_.request.stats.connection_setup_done = TimeStamp::now();
    failure_ = outcomes.back().dsn;
    ledger_.apply(outcomes, relay(session, last_chance));
  });
  if (handshake.succeeded()) return true;
  if (!handshake.connection_lost()) {
    Farewell farewell(session.state, context_.params);
    conversation.run(farewell, ignore_outcomes);
  }
  return false;
}

void Delivery::deliver(Session& session, bool last_chance) {
  const util::msg::PostlogPrefix log(log_prefix(session));
  SessionState& state = session.state;
  job_.request.stats.connection_setup_done = TimeStamp::now();
  job_.request.stats.reuse_count = state.reuse_count;
  Transaction::Plan plan;
  plan.recipients = ledger_.open();
  plan.reusable = [this, &state] { return !store_.worn_out(state); };
  plan.body.converted = needs_7bit(job_.request, state, context_.params);
  const bool to_7bit = plan.body.converted;
  Transaction transaction(state, job_.request, context_.params, std::move(plan));
  MessageText text(job_, context_.params, to_7bit, transaction.dot_wants_delay());
  Conversation(session.stream, state.server, context_.params)
      .run(transaction, text, [&](const std::vector<Outcome>& outcomes) {
        if (!outcomes.empty()) ledger_.apply(outcomes, relay(session, last_chance));
      });
}

// The kernel's name for the connection, which goes with it from process to process.
std::string Delivery::log_prefix(const Session& session) const {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (context_.params.maillog_json_file.empty() ||
      getsockopt(session.stream.fd(), SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0)
    return {};
  return global::postlog_proto::session_prefix(fmt::format("{:x}", cookie));
}

RecipientLedger::Relay Delivery::relay(const Session& session, bool last_chance) const {
  return {.name = session.state.server.name_and_port(),
          .reports_success = session.state.has(feature::kDsn),
          .last_chance = last_chance};
}

void Delivery::end(Session session, bool went_well) {
  store_.release(std::move(session));
  ledger_.end_session(went_well);
}

// --- No server is left.

void Delivery::give_up(const Place& place) {
  if (failure_.empty())
    failure_ = Dsn::simple("4.3.0", "server unavailable or unable to receive mail");
  const auto first = split_next_hops(job_.request.nexthop);
  if (failure_.status.starts_with('5')) {
    if (place.fallback) {
      msg::warn("{}: smtp_fallback_relay configuration problem", job_.request.queue_id);
      failure_.status = "4.3.5";
    } else if (!first.empty() &&
               util::equal_ignoring_case(first.front(), context_.params.relayhost)) {
      msg::warn("{}: relayhost configuration problem", job_.request.queue_id);
      failure_.status = "4.3.5";
    }
  }
  ledger_.give_up(failure_);
}

}  // namespace handoff::smtp
