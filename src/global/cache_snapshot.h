// cache_snapshot.h - what a MultiSessionCache holds at one moment, as bytes for another process.
//
// A sequence of attribute lists (attr0): the header, the sessions from the oldest on, the bindings
// by destination. Connections are not part of it; they travel beside it, in the order of the
// sessions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "global/mail_proto.h"
#include "global/session_cache_multi.h"
#include "util/attr0.h"
#include "util/result.h"

namespace handoff::global {

struct SessionRecord {
  std::string endpoint;
  std::string property;
  std::string farewell;
  std::uint32_t watched = 0;  // 1: whether the remote end hangs up is noticed
  std::int64_t age_ms = 0;
  std::int64_t remaining_ms = 0;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kEndpoint, &SessionRecord::endpoint},
                 util::attr0::Field{attr::kProperty, &SessionRecord::property},
                 util::attr0::Field{attr::kFarewell, &SessionRecord::farewell},
                 util::attr0::Field{"watched", &SessionRecord::watched},
                 util::attr0::Field{"age", &SessionRecord::age_ms},
                 util::attr0::Field{"remaining", &SessionRecord::remaining_ms}};
};

struct BindingRecord {
  std::string destination;
  std::string property;
  std::string endpoint;
  std::int64_t remaining_ms = 0;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kDestination, &BindingRecord::destination},
                 util::attr0::Field{attr::kProperty, &BindingRecord::property},
                 util::attr0::Field{attr::kEndpoint, &BindingRecord::endpoint},
                 util::attr0::Field{"remaining", &BindingRecord::remaining_ms}};
};

struct CacheSnapshot {
  std::int64_t taken_at_ms = 0;  // on the clock of all processes of the machine (steady_clock)
  std::vector<SessionRecord> sessions;
  std::vector<BindingRecord> bindings;
  std::uint32_t clients = 0;  // that come along, after the connections
};

struct EncodedSnapshot {
  std::string bytes;
  std::vector<int> connections;  // of the sessions; the cache keeps them
};

EncodedSnapshot encode_snapshot(const MultiSessionCache& cache, util::Scheduler::TimePoint now,
                                std::uint32_t clients = 0);
// Protocol when the bytes are not such a snapshot, with a warning that says more.
util::Result<CacheSnapshot> decode_snapshot(std::string_view bytes);
// The whole of an in-memory file that another process has sent, wherever it was read to.
util::Result<CacheSnapshot> read_snapshot(int file);

}  // namespace handoff::global
