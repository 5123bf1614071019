// msg_stats.h - when a message came by, for the "delays=" of the log.
//
// On the wire this is the attribute "time": the bytes of a C structure, 88 of them on 64-bit Linux,
// which both ends must share (spec/queue-and-delivery.md 0.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "util/result.h"

namespace handoff::global {

// Seconds and microseconds since the epoch; 0 seconds means "not supplied".
struct TimeStamp {
  std::int64_t seconds = 0;
  std::int64_t microseconds = 0;

  static TimeStamp now();
  explicit operator bool() const { return seconds != 0; }
  bool operator==(const TimeStamp&) const = default;
};

struct MsgStats {
  TimeStamp incoming_arrival;  // the qmgr sets these two
  TimeStamp active_arrival;
  TimeStamp agent_handoff;  // the agent sets these
  TimeStamp connection_setup_done;
  TimeStamp delivery_done;
  std::int32_t reuse_count = 0;  // 0 for a new connection
  std::int32_t padding = 0;

  [[nodiscard]] std::string to_bytes() const;
  static util::Result<MsgStats> from_bytes(std::string_view bytes);
  bool operator==(const MsgStats&) const = default;
};
static_assert(sizeof(MsgStats) == 88 && std::is_trivially_copyable_v<MsgStats>,
              "the layout is part of the protocol");

}  // namespace handoff::global
