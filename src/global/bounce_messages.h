// bounce_messages.h - what bounce(8) is told under its three names, bounce, defer and trace.
//
// One request per connection; the first attribute says which. The answer is a StatusReply
// (spec/queue-and-delivery.md 3.1). bounce_client.h sends them.
#pragma once

#include <string>
#include <tuple>

#include "global/dsn.h"
#include "global/mail_proto.h"
#include "global/recipient.h"
#include "util/attr0.h"

namespace handoff::global {

// The answer of bounce, defer, trace, verify (to an update) and flush.
struct StatusReply {
  int status = 0;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kStatus, &StatusReply::status}};
  bool operator==(const StatusReply&) const = default;
};

// Adds one recipient to the log of a message.
struct BounceAppend {
  int request = bounce_request::kAppend;
  int flags = bounce_flag::kNone;  // the trace flags of the delivery request, maybe | kClean
  std::string queue_id;
  Recipient recipient;
  Dsn dsn;

  static constexpr auto kFields = std::tuple{
      util::attr0::Field{attr::kBounceRequest, &BounceAppend::request},
      util::attr0::Field{attr::kFlags, &BounceAppend::flags},
      util::attr0::Field{attr::kQueueId, &BounceAppend::queue_id},
      util::attr0::Group{&BounceAppend::recipient}, util::attr0::Group{&BounceAppend::dsn}};
  bool operator==(const BounceAppend&) const = default;
};

// Reports to the sender what the log says: kFlush, kWarn or kTrace; and the beginning of the
// others.
struct BounceFlush {
  int request = bounce_request::kFlush;
  int flags = bounce_flag::kNone;
  std::string queue_name;
  std::string queue_id;
  std::string encoding;
  int smtputf8 = 0;
  std::string sender;
  std::string envelope_id;
  int ret_flags = 0;

  static BounceFlush of(int request) {
    BounceFlush flush;
    flush.request = request;
    return flush;
  }
  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kBounceRequest, &BounceFlush::request},
                 util::attr0::Field{attr::kFlags, &BounceFlush::flags},
                 util::attr0::Field{attr::kQueueName, &BounceFlush::queue_name},
                 util::attr0::Field{attr::kQueueId, &BounceFlush::queue_id},
                 util::attr0::Field{attr::kEncoding, &BounceFlush::encoding},
                 util::attr0::Field{attr::kSmtputf8, &BounceFlush::smtputf8},
                 util::attr0::Field{attr::kSender, &BounceFlush::sender},
                 util::attr0::Field{attr::kEnvelopeId, &BounceFlush::envelope_id},
                 util::attr0::Field{attr::kRetFlags, &BounceFlush::ret_flags}};
  bool operator==(const BounceFlush&) const = default;
};

// kVerp: one report for each recipient, to a sender address that names it.
struct BounceVerp {
  BounceFlush flush = BounceFlush::of(bounce_request::kVerp);
  std::string delimiters;

  static constexpr auto kFields =
      std::tuple{util::attr0::Group{&BounceVerp::flush},
                 util::attr0::Field{attr::kVerpDelimiters, &BounceVerp::delimiters}};
  bool operator==(const BounceVerp&) const = default;
};

// kOne: reports one recipient without a log.
struct BounceOne {
  BounceFlush flush = BounceFlush::of(bounce_request::kOne);
  Recipient recipient;
  Dsn dsn;

  static constexpr auto kFields =
      std::tuple{util::attr0::Group{&BounceOne::flush}, util::attr0::Group{&BounceOne::recipient},
                 util::attr0::Group{&BounceOne::dsn}};
  bool operator==(const BounceOne&) const = default;
};

}  // namespace handoff::global
