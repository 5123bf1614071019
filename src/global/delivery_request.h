// delivery_request.h - what a queue manager asks a delivery agent to do, and the answer.
//
// One request per connection (spec/queue-and-delivery.md 2): the agent announces itself, the
// manager sends the request and one list per recipient in a single write, the agent delivers,
// answers, and the manager closes. delivery_agent.h is the agent's side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "global/dsn.h"
#include "global/mail_proto.h"
#include "global/msg_stats.h"
#include "global/recipient.h"

namespace handoff::global {

struct DeliveryRequest {
  int flags = request_flag::kDefault;
  std::string queue_name;
  std::string queue_id;
  std::int64_t data_offset = 0;  // of the first content record
  std::int64_t data_size = 0;    // informational
  std::string nexthop;
  std::string encoding;  // encoding::k..., or empty when not known
  int smtputf8 = 0;      // mask smtputf8::k...
  std::string sender;
  std::string envelope_id;
  int ret_flags = 0;  // mask ret::k...
  MsgStats stats;
  std::string client_name;
  std::string client_address;
  std::string client_port;
  std::string protocol_name;
  std::string helo_name;
  std::string sasl_method;
  std::string sasl_username;
  std::string sasl_sender;
  std::string log_ident;
  std::string rewrite_context{rewrite_context::kLocal};

  std::vector<Recipient> recipients;  // sent as lists of their own, after their number

  [[nodiscard]] int trace_flags() const { return flags & request_flag::kTraceMask; }
  // An address probe: nothing may be delivered.
  [[nodiscard]] bool no_delivery() const { return (flags & request_flag::kNoDelivery) != 0; }
  bool operator==(const DeliveryRequest&) const = default;
};

struct DeliveryReply {
  static constexpr int kDone = 0;
  static constexpr int kRetry = -1;

  Dsn hop;             // empty, unless the whole destination is in trouble
  int status = kDone;  // kDone when each recipient was delivered or bounced

  bool operator==(const DeliveryReply&) const = default;
};

}  // namespace handoff::global
