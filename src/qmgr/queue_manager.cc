#include "qmgr/queue_manager.h"

#include <fcntl.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "global/delivery_log.h"
#include "global/log_address.h"
#include "global/mail_proto.h"
#include "global/master_proto.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::qmgr {

using global::DeliveryReply;
using global::Dsn;
using global::Recipient;
using global::TimeStamp;

namespace {

constexpr std::size_t kRecipientsAtOnce = 5000;  // read from a file in one go
constexpr std::size_t kFewRecipients = 1000;     // then a message gets more while it has work
constexpr std::size_t kImportsAtOnce = 4;        // one is read while others are looked up
constexpr int kNamesInAPass = 100;               // that are not to be delivered now

std::int64_t wall_seconds() {
  return std::time(nullptr);
}

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> all;
  for (const auto word : util::split(list, ", \t\r\n")) all.emplace_back(word);
  return all;
}

std::string private_path(const std::string& service) {
  return std::string(global::service_class::kPrivate) + '/' + service;
}

Dispatcher::Options dispatcher_options(const global::Params& params) {
  Dispatcher::Options options;
  options.destination_retry = params.minimal_backoff_time;
  options.transport_retry = params.transport_retry_time;
  options.memory_limit = 2 * static_cast<std::size_t>(params.qmgr_message_recipient_limit);
  options.log_feedback = params.destination_concurrency_feedback_debug;
  return options;
}

ResolverClient::Options resolver_options(const global::Params& params) {
  ResolverClient::Options options;
  options.socket_path = private_path(params.rewrite_service_name);
  options.limit = params.qmgr_ipc_timeout;
  options.idle = params.ipc_idle;
  options.lifetime = params.ipc_ttl;
  return options;
}

Router::Options router_options(const global::Params& params) {
  Router::Options options;
  options.myhostname = params.myhostname;
  options.default_filter_nexthop = params.default_filter_nexthop;
  options.double_bounce_sender = params.double_bounce_sender;
  options.extensions = global::ExtensionRules(params);
  options.defer_transports = words(params.defer_transports);
  options.probe_limit = static_cast<std::size_t>(params.address_verify_pending_request_limit);
  return options;
}

AgentPool::Options agent_options(const global::Params& params) {
  AgentPool::Options options;
  options.answer_limit = params.daemon_timeout;
  return options;
}

Finisher::Options finisher_options(const global::Params& params) {
  const auto reports = global::DeliveryReporter::Options::from(params);
  Finisher::Options options;
  options.bounce = reports.bounce;
  options.defer = reports.defer;
  options.trace = reports.trace;
  options.queue_lifetime = params.maximal_queue_lifetime;
  options.bounce_queue_lifetime =
      std::min(params.bounce_queue_lifetime, params.maximal_queue_lifetime);
  options.minimal_backoff = params.minimal_backoff_time;
  options.maximal_backoff = params.maximal_backoff_time;
  options.verp_bounces = !params.disable_verp_bounces;
  options.log_form = global::log_address_form(params);
  return options;
}

// A message in memory has at least one recipient.
std::size_t recipient_limit(const global::Params& params) {
  return static_cast<std::size_t>(
      std::max(params.qmgr_message_recipient_limit, params.qmgr_message_active_limit));
}

void warn_of_adjusted_limits(const global::Params& params) {
  if (params.qmgr_message_recipient_limit < params.qmgr_message_active_limit) {
    msg::warn(
        "qmgr_message_recipient_limit is smaller than qmgr_message_active_limit - adjusting "
        "qmgr_message_recipient_limit");
  }
  if (params.bounce_queue_lifetime > params.maximal_queue_lifetime) {
    msg::warn(
        "bounce_queue_lifetime is larger than maximal_queue_lifetime - adjusting "
        "bounce_queue_lifetime");
  }
}

// What a reply says about the destination (spec/queue-and-delivery.md 2.4).
Dispatcher::Outcome outcome_of(const DeliveryReply& reply) {
  if (reply.status != DeliveryReply::kDone && !reply.hop.status.empty())
    return Dispatcher::Outcome::Trouble;
  return reply.hop.reason.empty() ? Dispatcher::Outcome::Good : Dispatcher::Outcome::Neutral;
}

Dsn suspension(const Dsn& hop) {
  Dsn dsn = hop;
  if (!global::is_dsn_code(dsn.status)) dsn.status = "4.0.0";
  dsn.reason = "delivery temporarily suspended: " +
               (hop.reason.empty() ? std::string("unknown error") : hop.reason);
  return dsn;
}

}  // namespace

QueueManager::QueueManager(util::Scheduler& scheduler, const global::Config& config,
                           const global::Params& params)
    : scheduler_(scheduler),
      params_(params),
      message_limit_(static_cast<std::size_t>(params.qmgr_message_active_limit)),
      recipient_limit_(recipient_limit(params)),
      queue_(global::MailQueue::Settings::from(params)),
      dispatcher_(
          scheduler, wall_seconds,
          [&config, &params](const std::string& name) {
            return TransportSettings::read(config, params, name);
          },
          dispatcher_options(params)),
      resolver_(scheduler, resolver_options(params)),
      router_(resolver_, dispatcher_, router_options(params)),
      intake_(queue_, TimeStamp::now, global::log_address_form(params)),
      agents_(
          scheduler, dispatcher_, agent_options(params),
          {[this](std::unique_ptr<Entry> entry, const DeliveryReply* reply) {
             on_done(std::move(entry), reply);
           },
           [this](Transport& transport, const Dsn& why) { on_transport_failure(transport, why); }}),
      finisher_(
          scheduler, queue_, intake_, wall_seconds, finisher_options(params),
          [this](Message& message, Finisher::Result result) { on_finished(message, result); }),
      flow_(global::master_proto::kFlowReadFd, global::master_proto::kFlowWriteFd,
            params.in_flow_delay.count() > 0 ? params.default_process_limit : 0),
      reporter_(global::DeliveryReporter::Options::from(params),
                [this](const global::StatusService& service, const std::string& request) {
                  return begin_call(service, request);
                }) {
  dispatcher_.on_opportunity([this] { wake(); });
}

void QueueManager::start() {
  warn_of_adjusted_limits(params_);
  intake_.recover_active();
  scans_.start_incoming();
  scan_deferred();
}

void QueueManager::scan_deferred() {
  scans_.start_deferred();
  next_deferred_scan_ = scheduler_.after(params_.queue_run_delay, [this] { scan_deferred(); });
  wake();
}

// The earliest time counts: that scan will find the next one.
void QueueManager::look_again(std::int64_t due) {
  if (next_incoming_scan_.pending() && next_incoming_due_ <= due) return;
  next_incoming_due_ = due;
  const auto wait = std::chrono::seconds(std::max<std::int64_t>(due - wall_seconds(), 0));
  next_incoming_scan_ = scheduler_.after(wait, [this] {
    scans_.start_incoming();
    wake();
  });
}

void QueueManager::on_trigger(std::string_view requests) {
  namespace request = global::trigger_request;
  const auto asked = [&](char c) { return requests.find(c) != std::string_view::npos; };
  // Modifiers first: they are meant for the walks that begin now.
  if (asked(request::kScanAll)) scans_.ignore_times();
  if (asked(request::kFlushDead)) {
    scans_.flush();
    dispatcher_.unthrottle_all();
  }
  if (asked(request::kWakeup) || asked(request::kScanIncoming)) scans_.start_incoming();
  if (asked(request::kScanDeferred)) scans_.start_deferred();
  wake();
}

void QueueManager::wake() {
  if (!pass_.pending()) pass_ = scheduler_.after(std::chrono::milliseconds(0), [this] { work(); });
}

void QueueManager::work() {
  pass_.cancel();
  while (Transport* transport = dispatcher_.wants_agent()) {
    dispatcher_.agent_pending(*transport);
    agents_.connect(*transport);
  }
  const bool took_incoming = import_some();
  flow_.balance(took_incoming, scans_.incoming_active());
}

std::size_t QueueManager::free_recipients() const {
  const auto minimum = static_cast<std::size_t>(params_.qmgr_message_recipient_minimum);
  const std::size_t free = recipient_limit_ > recipients_ ? recipient_limit_ - recipients_ : 0;
  return std::max(minimum, std::min(kRecipientsAtOnce, free));
}

// At most one message in each pass, so that deliveries and new mail share our time. True when it
// came from the incoming queue.
bool QueueManager::import_some() {
  if (messages_.size() >= message_limit_) {
    scans_.prefer_incoming();
    return false;
  }
  if (locks_.size() >= kImportsAtOnce) return false;  // the next answer wakes us
  for (int names = 0; names < kNamesInAPass; ++names) {
    const auto found = scans_.next();
    if (!found) return false;
    if (!import(*found)) continue;
    wake();
    return found->queue == global::queue_name::kIncoming;
  }
  wake();
  return false;
}

bool QueueManager::import(const Scans::Found& found) {
  if (messages_.count(found.id) != 0) return false;  // a name that came again
  auto imported = intake_.import(found.queue, found.id, found.ignore_times, free_recipients());
  if (const auto due = intake_.take_next_due()) look_again(*due);
  if (!imported) return false;
  Message& message = *imported->message;
  message.read_at = scheduler_.now();
  messages_[found.id] = std::move(imported->message);
  locks_[found.id] = std::move(imported->lock);
  if (message.is_probe()) router_.set_probes(++probes_);
  message.in_hand = true;
  router_.set_flushing(found.flushing);
  router_.route(message, std::move(imported->recipients),
                [this, &message](Router::Result result) { on_routed(message, std::move(result)); });
  return true;
}

void QueueManager::on_routed(Message& message, Router::Result result) {
  for (const Recipient& recipient : result.discarded) discard(message, recipient);
  if (std::exchange(message.unthrottle, false)) intake_.clear_unthrottle_bit(message.id);
  locks_.erase(message.id);  // agents may have it from now on
  message.in_hand = false;
  hand_over(message, std::move(result.entries));
  wake();
}

void QueueManager::hand_over(Message& message, Entries entries) {
  message.entries += entries.size();
  for (auto& entry : entries) {
    message.recipients_in_memory += entry->recipients.size();
    recipients_ += entry->recipients.size();
    dispatcher_.add(std::move(entry));
  }
  if (message.entries == 0) finisher_.finish(message);
}

// A notice about a notice that could not be delivered: nobody is left to tell.
void QueueManager::discard(Message& message, const Recipient& recipient) {
  const global::DeliveryLogLine line{message.id,
                                     recipient,
                                     global::Report::kNoRelay,
                                     message.stats,
                                     "2.0.0",
                                     "sent",
                                     "undeliverable postmaster notification discarded"};
  msg::info("{}", global::format_delivery(line, TimeStamp::now(), {}));
  const auto file = queue_.open(global::queue_name::kActive, message.id, O_RDWR);
  const util::Status marked =
      file ? global::mark_done(file->get(), recipient.offset) : util::Status(file.error());
  if (!marked) msg::warn("{}: {}", message.id, marked.error().what);
}

void QueueManager::on_done(std::unique_ptr<Entry> entry, const DeliveryReply* reply) {
  Transport& transport = *entry->transport;
  if (reply == nullptr) {  // not a word about the destination; the message is tried again
    retry_later(dispatcher_.done(*entry, Dispatcher::Outcome::Neutral), {});
    return finish_entry(*entry, true);
  }
  dispatcher_.unthrottle(transport);
  const Dsn why = suspension(reply->hop);
  retry_later(dispatcher_.done(*entry, outcome_of(*reply), why), why);
  finish_entry(*entry, reply->status != DeliveryReply::kDone);
}

void QueueManager::on_transport_failure(Transport& transport, const Dsn& why) {
  retry_later(dispatcher_.throttle(transport, why), why);
  wake();
}

// By way of the agent that defers, so that it is logged and recorded as any other attempt.
void QueueManager::retry_later(Entries entries, const Dsn& why) {
  if (entries.empty()) return;
  Transport& retry = dispatcher_.transport(std::string(global::transport::kRetry));
  for (auto& entry : entries) {
    if (retry.dead || entry->transport == &retry) {
      defer_directly(std::move(entry), why);
      continue;
    }
    const std::string nexthop = as_nexthop(why);
    entry->transport = &retry;
    entry->destination = &dispatcher_.destination(
        retry, router_.queue_name(retry, nexthop, entry->recipients.front().address), nexthop);
    dispatcher_.add(std::move(entry));
  }
}

void QueueManager::defer_directly(std::unique_ptr<Entry> entry, const Dsn& why) {
  const Message& message = *entry->message;
  for (const Recipient& recipient : entry->recipients)
    (void)reporter_.deferred({message.envelope.trace_flags, message.id, message.stats, recipient,
                              global::Report::kNoRelay, why});
  finish_entry(*entry, true);
}

// Without waiting for the answer: whatever it is, the message stays deferred.
int QueueManager::begin_call(const global::StatusService& service, const std::string& request) {
  const auto call = calls_.emplace(calls_.end());
  *call = std::make_unique<global::StatusCall>(scheduler_, service, request, [this, call](int) {
    const auto finished = std::move(*call);  // lives until the end of this function
    calls_.erase(call);
  });
  return global::bounce_status::kDone;
}

void QueueManager::finish_entry(const Entry& entry, bool deferred) {
  Message& message = *entry.message;
  message.deferred = message.deferred || deferred;
  --message.entries;
  message.recipients_in_memory -= entry.recipients.size();
  recipients_ -= entry.recipients.size();
  if (message.in_hand) return;
  if (message.entries == 0)
    finisher_.finish(message);
  else
    refill_if_low(message, entry.transport->settings);
}

void QueueManager::on_finished(Message& message, Finisher::Result result) {
  if (result == Finisher::Result::HasUnread) return refill(message);
  if (message.is_probe()) router_.set_probes(--probes_);
  messages_.erase(message.id);
  wake();  // there is room for another one
}

// `limits` are those of the transport that has got rid of recipients just now.
void QueueManager::refill_if_low(Message& message, const TransportSettings& limits) {
  if (!message.envelope.unread || message.recipients_in_memory > kFewRecipients) return;
  const bool enough_room = free_recipients() >= static_cast<std::size_t>(limits.refill_limit);
  const bool waited = scheduler_.now() - message.read_at >= limits.refill_delay;
  if (enough_room || waited) refill(message);
}

void QueueManager::refill(Message& message) {
  message.read_at = scheduler_.now();
  auto recipients = intake_.read_more(message, free_recipients());
  if (!recipients) {
    message.envelope.unread.reset();
    message.deferred = true;  // the next attempt will see what is wrong with it
    recipients.emplace();
  }
  message.in_hand = true;
  router_.route(message, *std::move(recipients),
                [this, &message](Router::Result result) { on_routed(message, std::move(result)); });
}

}  // namespace handoff::qmgr
