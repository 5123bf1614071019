// delivery_log.h - the one line that the log has for each delivery attempt.
//
// Log parsers depend on each byte of it (spec/queue-and-delivery.md 4.4 and 4.5).
#pragma once

#include <string>
#include <string_view>

#include "global/log_address.h"
#include "global/msg_stats.h"
#include "global/recipient.h"

namespace handoff::global {

// "delay=1.2, delays=0.1/0/0.5/0.6"; `digits` is delay_logging_resolution_limit. The delivery is
// done at `stats.delivery_done`, or at `now` when that is not set.
std::string format_delays(const MsgStats& stats, TimeStamp now, int digits);

struct DeliveryLogLine {
  std::string_view queue_id;
  const Recipient& recipient;
  std::string_view relay;  // "none", or "host[address]:port"
  const MsgStats& stats;
  std::string_view status_code;
  std::string_view word;  // "sent", "deferred", ...
  std::string_view reason;
};

struct DeliveryLogFormat {
  int delay_digits = 2;  // delay_logging_resolution_limit
  AddressForm addresses = AddressForm::External;
};

std::string format_delivery(const DeliveryLogLine& line, TimeStamp now, DeliveryLogFormat format);

}  // namespace handoff::global
