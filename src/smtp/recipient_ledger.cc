#include "smtp/recipient_ledger.h"

#include <algorithm>

#include "global/mail_proto.h"
#include "util/msg.h"

namespace handoff::smtp {

using global::DeliveryReply;
using global::Dsn;
using global::TimeStamp;

RecipientLedger::RecipientLedger(global::DeliveryJob& job, global::DeliveryReporter& reporter,
                                 bool soft_bounce)
    : job_(job),
      reporter_(reporter),
      soft_bounce_(soft_bounce),
      states_(job.request.recipients.size(), State::Open) {}

std::vector<std::size_t> RecipientLedger::open() const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < states_.size(); ++i)
    if (states_[i] == State::Open) indices.push_back(i);
  return indices;
}

bool RecipientLedger::all_settled() const {
  return std::all_of(states_.begin(), states_.end(),
                     [](State state) { return state == State::Settled; });
}

void RecipientLedger::apply(const std::vector<Outcome>& outcomes, const Relay& relay) {
  // All recipients of a transaction log the same times.
  const bool delivered = std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& each) {
    return each.kind == Outcome::Kind::Sent;
  });
  if (delivered) job_.request.stats.delivery_done = TimeStamp::now();
  for (const Outcome& outcome : outcomes) {
    if (outcome.kind == Outcome::Kind::Sent)
      send(outcome.recipient, outcome.dsn, relay);
    else if (outcome.level == Outcome::Level::Recipient)
      fail(outcome.recipient, outcome.dsn, relay);
    else
      fail_all(outcome, relay);
  }
}

void RecipientLedger::send(std::size_t recipient, const Dsn& dsn, const Relay& relay) {
  global::Recipient whom = job_.request.recipients[recipient];
  if (relay.reports_success) whom.notify &= ~global::notify::kSuccess;
  if (!job_.sent(reporter_, whom, relay.name, dsn)) reply_.status = DeliveryReply::kRetry;
  states_[recipient] = State::Settled;
}

bool RecipientLedger::worth_another_server(const Dsn& dsn, const Relay& relay) const {
  return !relay.last_chance && (dsn.status.starts_with('4') || soft_bounce_);
}

void RecipientLedger::fail(std::size_t recipient, const Dsn& dsn, const Relay& relay) {
  if (worth_another_server(dsn, relay)) {
    msg::info("{}: {}", job_.request.queue_id, dsn.reason);
    states_[recipient] = State::Kept;
    return;
  }
  const global::Recipient& whom = job_.request.recipients[recipient];
  const bool settled = dsn.status.starts_with('5')
                           ? job_.bounced(reporter_, whom, relay.name, dsn)
                           : job_.deferred(reporter_, whom, relay.name, dsn);
  if (!settled) reply_.status = DeliveryReply::kRetry;
  states_[recipient] = State::Settled;
}

void RecipientLedger::fail_all(const Outcome& outcome, const Relay& relay) {
  const std::vector<std::size_t> concerned = open();
  if (concerned.empty()) return;
  if (worth_another_server(outcome.dsn, relay)) {
    msg::info("{}: {}", job_.request.queue_id, outcome.dsn.reason);
    for (const std::size_t recipient : concerned) states_[recipient] = State::Kept;
    return;
  }
  for (const std::size_t recipient : concerned) fail(recipient, outcome.dsn, relay);
  if (outcome.level == Outcome::Level::Site) blame_site(outcome.dsn);
}

// The queue manager then leaves the destination alone for a while.
void RecipientLedger::blame_site(const Dsn& dsn) {
  if (reply_.status == DeliveryReply::kRetry && !site_proven_ && reply_.hop.empty())
    reply_.hop = dsn;
}

void RecipientLedger::end_session(bool went_well) {
  site_proven_ = site_proven_ || went_well;
  for (State& state : states_)
    if (state == State::Kept) state = State::Open;
  auto& stats = job_.request.stats;
  stats.connection_setup_done = stats.delivery_done = {};
  stats.reuse_count = 0;
}

void RecipientLedger::give_up(const Dsn& failure) {
  auto& stats = job_.request.stats;
  stats.connection_setup_done = stats.delivery_done = TimeStamp::now();
  Outcome outcome;
  outcome.level = Outcome::Level::Site;
  outcome.dsn = failure;
  fail_all(outcome, {.name = std::string(global::Report::kNoRelay),
                     .reports_success = false,
                     .last_chance = true});
}

}  // namespace handoff::smtp
