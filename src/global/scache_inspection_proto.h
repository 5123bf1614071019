// scache_inspection_proto.h - looking into a running scache(8): more requests on its second socket.
//
//   ShowStatistics  ->  <- StatisticsReply
//   ShowContents    ->  <- StatusReply, with an in-memory file: a cache snapshot (cache_snapshot.h)
//   Flush           ->  <- FlushReply
//
// All answers are of one moment.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "global/mail_proto.h"
#include "global/scache_statistics.h"
#include "global/session_cache_multi.h"
#include "util/attr0.h"

namespace handoff::global::scache {

namespace attr0 = util::attr0;

// --- Requests.

struct ShowStatistics {
  static constexpr auto kName = scache_extension_request::kStatistics;
  static constexpr auto kFields = std::tuple<>{};
};

struct ShowContents {
  static constexpr auto kName = scache_extension_request::kContents;
  static constexpr auto kFields = std::tuple<>{};
};

// Closes the sessions whose endpoint, or a destination bound to it, has a matching label; `pattern`
// is such a label as printable_label() (cache_label.h) shows it, or a pattern of fnmatch(3) for
// them. Closes some only, so that other clients have their turn.
struct Flush {
  std::string pattern;

  static constexpr auto kName = scache_extension_request::kFlush;
  static constexpr auto kFields = std::tuple{attr0::Field{attr::kPattern, &Flush::pattern}};
};

// --- Replies.

struct FlushReply {
  ScacheStatus status = ScacheStatus::Failed;
  std::uint64_t closed = 0;
  std::uint32_t more = 0;  // 1: there may be more; ask again

  static constexpr auto kFields = std::tuple{attr0::Field{attr::kStatus, &FlushReply::status},
                                             attr0::Field{"closed", &FlushReply::closed},
                                             attr0::Field{"more", &FlushReply::more}};
};

// Counts since a moment.
struct CountsReply {
  std::int64_t since = 0;  // time(2)
  Counts counts;

  static constexpr auto kFields =
      std::tuple{attr0::Field{"since", &CountsReply::since}, attr0::Group{&CountsReply::counts}};
};

// How many sessions have left, by reason; MultiSessionCache::Departure in its order.
struct DeparturesReply {
  std::uint64_t found = 0;
  std::uint64_t expired = 0;
  std::uint64_t evicted = 0;
  std::uint64_t evicted_service = 0;
  std::uint64_t evicted_endpoint = 0;
  std::uint64_t shed = 0;
  std::uint64_t flushed = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t remote_closed = 0;
  std::uint64_t remote_error = 0;
  std::uint64_t remote_data = 0;

  static constexpr auto kFields =
      std::tuple{attr0::Field{"found", &DeparturesReply::found},
                 attr0::Field{"expired", &DeparturesReply::expired},
                 attr0::Field{"evicted", &DeparturesReply::evicted},
                 attr0::Field{"evicted_service", &DeparturesReply::evicted_service},
                 attr0::Field{"evicted_endpoint", &DeparturesReply::evicted_endpoint},
                 attr0::Field{"shed", &DeparturesReply::shed},
                 attr0::Field{"flushed", &DeparturesReply::flushed},
                 attr0::Field{"handed_over", &DeparturesReply::handed_over},
                 attr0::Field{"remote_closed", &DeparturesReply::remote_closed},
                 attr0::Field{"remote_error", &DeparturesReply::remote_error},
                 attr0::Field{"remote_data", &DeparturesReply::remote_data}};
  static_assert(std::tuple_size_v<decltype(kFields)> == MultiSessionCache::kDepartures);
};

struct SizeReply {
  std::uint64_t destinations = 0;
  std::uint64_t endpoints = 0;
  std::uint64_t sessions = 0;

  static constexpr auto kFields = std::tuple{attr0::Field{"destinations", &SizeReply::destinations},
                                             attr0::Field{"endpoints", &SizeReply::endpoints},
                                             attr0::Field{"sessions", &SizeReply::sessions}};
};

struct StatisticsReply {
  std::int64_t pid = 0;
  std::int64_t now = 0;  // time(2)
  std::uint64_t clients = 0;
  std::uint64_t session_limit = 0;
  SizeReply size;
  SizeReply peak;  // of the interval
  CountsReply interval;
  DeparturesReply interval_departures;
  CountsReply total;
  DeparturesReply total_departures;

  static constexpr auto kFields =
      std::tuple{attr0::Field{"pid", &StatisticsReply::pid},
                 attr0::Field{"now", &StatisticsReply::now},
                 attr0::Field{"clients", &StatisticsReply::clients},
                 attr0::Field{"session_limit", &StatisticsReply::session_limit},
                 attr0::Group{&StatisticsReply::size},
                 attr0::Group{&StatisticsReply::peak},
                 attr0::Group{&StatisticsReply::interval},
                 attr0::Group{&StatisticsReply::interval_departures},
                 attr0::Group{&StatisticsReply::total},
                 attr0::Group{&StatisticsReply::total_departures}};
};

}  // namespace handoff::global::scache
