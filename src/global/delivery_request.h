// delivery_request.h - what a queue manager asks a delivery agent to do, and the answer.
//
// One request per connection (spec/queue-and-delivery.md 2): the agent announces itself, the
// manager sends the request and one list per recipient in a single write, the agent delivers,
// answers, and the manager closes. delivery_agent.h is the agent's side.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "global/dsn.h"
#include "global/mail_proto.h"
#include "global/msg_stats.h"
#include "global/recipient.h"
#include "util/attr0.h"
#include "util/result.h"
#include "util/stream.h"

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

  std::vector<Recipient> recipients;  // at least one; their number, then a list for each

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kFlags, &DeliveryRequest::flags},
                 util::attr0::Field{attr::kQueueName, &DeliveryRequest::queue_name},
                 util::attr0::Field{attr::kQueueId, &DeliveryRequest::queue_id},
                 util::attr0::Field{attr::kOffset, &DeliveryRequest::data_offset},
                 util::attr0::Field{attr::kSize, &DeliveryRequest::data_size},
                 util::attr0::Field{attr::kNexthop, &DeliveryRequest::nexthop},
                 util::attr0::Field{attr::kEncoding, &DeliveryRequest::encoding},
                 util::attr0::Field{attr::kSmtputf8, &DeliveryRequest::smtputf8},
                 util::attr0::Field{attr::kSender, &DeliveryRequest::sender},
                 util::attr0::Field{attr::kEnvelopeId, &DeliveryRequest::envelope_id},
                 util::attr0::Field{attr::kRetFlags, &DeliveryRequest::ret_flags},
                 util::attr0::Field{attr::kTime, &DeliveryRequest::stats},
                 util::attr0::Field{attr::kLogClientName, &DeliveryRequest::client_name},
                 util::attr0::Field{attr::kLogClientAddress, &DeliveryRequest::client_address},
                 util::attr0::Field{attr::kLogClientPort, &DeliveryRequest::client_port},
                 util::attr0::Field{attr::kLogProtocolName, &DeliveryRequest::protocol_name},
                 util::attr0::Field{attr::kLogHeloName, &DeliveryRequest::helo_name},
                 util::attr0::Field{attr::kSaslMethod, &DeliveryRequest::sasl_method},
                 util::attr0::Field{attr::kSaslUsername, &DeliveryRequest::sasl_username},
                 util::attr0::Field{attr::kSaslSender, &DeliveryRequest::sasl_sender},
                 util::attr0::Field{attr::kLogIdent, &DeliveryRequest::log_ident},
                 util::attr0::Field{attr::kRewriteContext, &DeliveryRequest::rewrite_context}};

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

  static constexpr auto kFields =
      std::tuple{util::attr0::Group{&DeliveryReply::hop},
                 util::attr0::Field{attr::kStatus, &DeliveryReply::status}};
  bool operator==(const DeliveryReply&) const = default;
};

// All lists of a request, for a single write.
std::string encode_request(const DeliveryRequest& request);

// Closed when the manager hangs up before the first byte: it has nothing for us.
util::Result<DeliveryRequest> receive_request(util::Stream& stream);

}  // namespace handoff::global
