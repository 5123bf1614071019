#include "cleanup/returned.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "global/bounce_messages.h"
#include "global/delivery_report.h"
#include "global/mail_proto.h"
#include "global/status_call.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::cleanup {

using global::Recipient;
using global::RecordType;
namespace attr = global::attr;
namespace cleanup_status = global::cleanup_status;

namespace {

struct Fault {
  int status;
  std::string_view code;
  std::string_view text;
};
// The first that applies is what the sender is told.
constexpr std::array kFaults{
    Fault{cleanup_status::kTooManyHops, "5.4.0", "too many hops"},
    Fault{cleanup_status::kTooBig, "5.3.4", "message file too big"},
};

const Fault* fault_of(const Message& message) {
  const auto fault = std::ranges::find_if(
      kFaults, [&](const Fault& one) { return (message.status() & one.status) != 0; });
  return fault == kFaults.end() ? nullptr : &*fault;
}

// From the file, which may be incomplete.
std::vector<Recipient> recipients_of(const Message& message) {
  std::vector<Recipient> recipients;
  global::RecordFile file(message.fd(), message.path());
  Recipient next;
  while (const auto record = file.next()) {
    const auto attribute = global::attribute_of(*record);
    if (attribute && attribute->name == attr::kNotifyFlags) {
      next.notify = util::to_int(attribute->value).value_or(0);
    } else if (attribute && attribute->name == attr::kDsnOriginalRecipient) {
      next.dsn_original = attribute->value;
    } else if (record->type == RecordType::OriginalRecipient) {
      next.original = record->data;
    } else if (record->type == RecordType::Recipient) {
      next.address = record->data;
      recipients.push_back(std::exchange(next, {}));
    }
  }
  return recipients;
}

bool report(const Message& message, const Fault& fault,
            const global::DeliveryReporter::Options& options) {
  global::DeliveryReporter reporter(options);
  global::MsgStats stats;
  stats.incoming_arrival = message.arrival;
  const std::vector<Recipient> recipients = recipients_of(message);
  const bool all = std::ranges::all_of(recipients, [&](const Recipient& recipient) {
    return reporter.bounced({0, message.queue_id(), stats, recipient, global::Report::kNoRelay,
                             global::Dsn::simple(fault.code, fault.text)});
  });
  return all && !recipients.empty();
}

bool flush(const Message& message, const global::StatusService& service) {
  auto request = global::BounceFlush::of(global::bounce_request::kFlush);
  request.flags = global::bounce_flag::kClean;
  request.queue_name = global::queue_name::kIncoming;
  request.queue_id = message.queue_id();
  request.encoding = message.encoding;
  request.smtputf8 = static_cast<int>(message.size.smtputf8);
  request.sender = message.sender;
  request.envelope_id = message.envelope_id;
  request.ret_flags = message.ret_flags;
  return global::call_for_status(service, util::attr0::encode(request)) ==
         global::bounce_status::kDone;
}

}  // namespace

bool should_return(const Message& message) {
  constexpr int kOurs =
      cleanup_status::kBadInput | cleanup_status::kWriteError | cleanup_status::kDeferred;
  return (message.flags & global::cleanup_flag::kBounce) != 0 && (message.status() & kOurs) == 0 &&
         fault_of(message) != nullptr;
}

bool return_to_sender(Message& message) {
  const auto options = global::DeliveryReporter::Options::from(message.params());
  const Fault* fault = fault_of(message);
  if (fault != nullptr && report(message, *fault, options) && flush(message, options.bounce))
    return true;
  msg::warn("{}: bounce message failure", message.queue_id());
  return false;
}

}  // namespace handoff::cleanup
