#include "global/delivery_report.h"

#include <fmt/format.h>

#include <utility>

#include "global/bounce_messages.h"
#include "global/log_address.h"
#include "global/mail_proto.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::global {

namespace {

namespace attr0 = util::attr0;
namespace flag = request_flag;

struct VerifyUpdate {
  std::string address;
  int state = verify_state::kOk;
  std::string reason;

  static constexpr auto kFields =
      std::tuple{attr0::Constant{attr::kRequest, verify_request::kUpdate},
                 attr0::Field{attr::kAddress, &VerifyUpdate::address},
                 attr0::Field{attr::kRecipientStatus, &VerifyUpdate::state},
                 attr0::Field{attr::kReason, &VerifyUpdate::reason}};
};

struct FlushAdd {
  std::string site;
  std::string queue_id;

  static constexpr auto kFields = std::tuple{attr0::Constant{attr::kRequest, flush_request::kAdd},
                                             attr0::Field{attr::kSite, &FlushAdd::site},
                                             attr0::Field{attr::kQueueId, &FlushAdd::queue_id}};
};

std::string socket_path(std::string_view service_class, const std::string& name) {
  return fmt::format("{}/{}", service_class, name);
}

Dsn checked(const Dsn& dsn, char wanted_class) {
  Dsn result = dsn;
  result.status = checked_dsn_code(dsn.status, wanted_class);
  return result;
}

std::string_view negative_word(bool cached) {
  return cached ? "undeliverable" : "undeliverable-but-not-cached";
}

}  // namespace

DeliveryReporter::Options DeliveryReporter::Options::from(const Params& params) {
  const auto status_service = [&params](const std::string& name) {
    return StatusService{socket_path(service_class::kPrivate, name), protocol::kDeliveryStatus,
                         params.ipc_timeout};
  };
  Options options;
  options.bounce = status_service(params.bounce_service_name);
  options.defer = status_service(params.defer_service_name);
  options.trace = status_service(params.trace_service_name);
  options.verify = {socket_path(service_class::kPrivate, params.address_verify_service_name),
                    protocol::kAddressVerification, params.ipc_timeout};
  options.flush = {socket_path(service_class::kPublic, params.flush_service_name),
                   protocol::kQueueFlush, params.ipc_timeout};
  options.log.delay_digits = params.delay_logging_resolution_limit;
  options.log.addresses = log_address_form(params);
  options.soft_bounce = params.soft_bounce;
  options.verify_negative_cache = params.address_verify_negative_cache;
  return options;
}

DeliveryReporter::DeliveryReporter(Options options, Ask ask)
    : options_(std::move(options)), ask_(std::move(ask)) {}

bool DeliveryReporter::sent(const Report& report) {
  Dsn dsn = checked(report.dsn, '2');
  if ((report.trace_flags & flag::kNoDelivery) != 0) return probed(report, verify_state::kOk, dsn);

  const int notify = report.recipient.notify;
  const bool cleared_delay = (report.trace_flags & flag::kReportDelay) != 0 &&
                             (notify == 0 || (notify & notify::kDelay) != 0);
  const std::string_view action = dsn.action.empty() ? action::kDelivered : dsn.action;
  bool reported = true;
  if ((report.trace_flags & flag::kRecord) != 0 || cleared_delay)
    reported = trace(report, dsn, action);
  if (reported && (notify & notify::kSuccess) != 0) reported = trace(report, dsn, action);
  if (!reported) {
    Report failure = report;
    failure.dsn = Dsn::simple("4.3.0", fmt::format("{}: trace service failed", report.queue_id));
    return deferred(failure);
  }
  log(report, dsn, "sent");
  return true;
}

bool DeliveryReporter::bounced(const Report& report) {
  Dsn dsn = checked(report.dsn, '5');
  if ((report.trace_flags & flag::kNoDelivery) != 0)
    return probed(report, verify_state::kBounced, dsn);
  if (options_.soft_bounce) return bounced_softly(report, std::move(dsn));

  dsn.action = action::kFailed;
  const bool recorded = (report.trace_flags & flag::kRecord) != 0;
  if (!append(options_.bounce, report, dsn) || (recorded && !trace(report, dsn, dsn.action))) {
    Report failure = report;
    failure.dsn = Dsn::simple("4.3.0", "bounce or trace service failure");
    return deferred(failure);
  }
  log(report, dsn, "bounced");
  return true;
}

bool DeliveryReporter::bounced_softly(const Report& report, Dsn dsn) {
  dsn.status[0] = '4';
  dsn.action = action::kDelayed;
  if (!append(options_.defer, report, dsn)) msg::warn("{}: defer service failure", report.queue_id);
  log(report, dsn, "SOFTBOUNCE");
  return false;
}

bool DeliveryReporter::deferred(const Report& report) {
  Dsn dsn = checked(report.dsn, '4');
  if ((report.trace_flags & flag::kNoDelivery) != 0)
    return probed(report, verify_state::kDeferred, dsn);

  dsn.action = action::kDelayed;
  if (!append(options_.defer, report, dsn)) msg::warn("{}: defer service failure", report.queue_id);
  log(report, dsn, "deferred");
  if ((report.trace_flags & flag::kRecord) != 0) (void)trace(report, dsn, dsn.action);
  flush(report);
  return false;
}

// --- Address probes.

bool DeliveryReporter::probed(const Report& report, int state, const Dsn& dsn) {
  const bool good = state == verify_state::kOk;
  if ((report.trace_flags & flag::kMtaVerify) != 0) {
    const bool cached = good || options_.verify_negative_cache;
    const bool told = !cached || verify(report, state, dsn);
    log(report, dsn, good ? "deliverable" : negative_word(cached));
    return told;
  }
  const bool told = trace(report, dsn, good ? action::kDeliverable : action::kUndeliverable);
  log(report, dsn, good ? "deliverable" : "undeliverable");
  return told;
}

bool DeliveryReporter::verify(const Report& report, int state, const Dsn& dsn) {
  const auto update = [&](const std::string& address) {
    return ask_(options_.verify, attr0::encode(VerifyUpdate{address, state, dsn.reason})) == 0;
  };
  const std::string& original = report.recipient.original;
  const std::string& address = report.recipient.address;
  if (!original.empty() && !update(original)) return false;
  return original == address || update(address);
}

// --- Who is told.

bool DeliveryReporter::append(const StatusService& service, const Report& report, const Dsn& dsn) {
  BounceAppend message;
  message.flags = report.trace_flags;
  message.queue_id = report.queue_id;
  message.recipient = report.recipient;
  message.dsn = dsn;
  return ask_(service, attr0::encode(message)) == bounce_status::kDone;
}

bool DeliveryReporter::trace(const Report& report, const Dsn& dsn, std::string_view action) {
  Dsn traced = dsn;
  traced.action = action;
  if (report.relay != Report::kNoRelay)
    traced.reason = fmt::format("delivery via {}: {}", report.relay, dsn.reason);
  return append(options_.trace, report, traced);
}

void DeliveryReporter::flush(const Report& report) {
  const std::string& address = report.recipient.address;
  const std::size_t at = address.rfind('@');
  if (at == std::string::npos || at + 1 == address.size()) return;
  const std::string domain = util::to_lower(std::string_view(address).substr(at + 1));
  if (!options_.fast_flush || !options_.fast_flush(domain)) return;
  // Only makes "sendmail -qR" quicker; a failure has been logged.
  (void)ask_(options_.flush, attr0::encode(FlushAdd{domain, std::string(report.queue_id)}));
}

void DeliveryReporter::log(const Report& report, const Dsn& dsn, std::string_view word) {
  msg::info("{}", format_delivery({.queue_id = report.queue_id,
                                   .recipient = report.recipient,
                                   .relay = report.relay,
                                   .stats = report.stats,
                                   .status_code = dsn.status,
                                   .word = word,
                                   .reason = dsn.reason},
                                  TimeStamp::now(), options_.log));
}

}  // namespace handoff::global
