// message.h - a message in the active queue, as long as it is in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "global/mail_proto.h"
#include "global/msg_stats.h"
#include "global/queue_file.h"
#include "util/scheduler.h"

namespace handoff::qmgr {

struct Message {
  std::string id;
  // Arrival order in the active queue: the older message goes first.
  std::uint64_t sequence = 0;
  // Without recipients: those are in the entries.
  global::Envelope envelope;
  global::MsgStats stats;

  // Requests that have not come back, and what they carry.
  std::size_t entries = 0;
  std::size_t recipients_in_memory = 0;
  // When some of its recipients were read last.
  util::Scheduler::TimePoint read_at;
  // Something must be tried again.
  bool deferred = false;
  bool force_expired = false;
  // Its transports and destinations get another chance.
  bool unthrottle = false;
  // Somebody is reading its next recipients, or finishing it off.
  bool in_hand = false;

  [[nodiscard]] bool one_recipient_per_request() const { return !envelope.verp_delimiters.empty(); }
  [[nodiscard]] bool is_probe() const {
    return (envelope.trace_flags & global::request_flag::kMtaVerify) != 0;
  }
  [[nodiscard]] int request_flags() const {
    const int base =
        envelope.inspect.empty() ? global::request_flag::kDefault : global::request_flag::kBounce;
    return envelope.trace_flags | base;
  }
};

}  // namespace handoff::qmgr
