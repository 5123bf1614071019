// scache_statistics.h - how useful the cache was: in intervals for the log (spec/ipc.md 10), and
// since the start.
//
// Counts requests of clients. Look-ups of addresses that a look-up of a domain makes on its way do
// not count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <tuple>

#include "global/session_cache.h"
#include "util/attr0.h"

namespace handoff::global::scache {

struct Counts {
  std::uint64_t destination_hits = 0;
  std::uint64_t destination_misses = 0;
  std::uint64_t endpoint_hits = 0;
  std::uint64_t endpoint_misses = 0;
  std::uint64_t bindings_saved = 0;
  std::uint64_t sessions_saved = 0;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{"destination_hits", &Counts::destination_hits},
                 util::attr0::Field{"destination_misses", &Counts::destination_misses},
                 util::attr0::Field{"endpoint_hits", &Counts::endpoint_hits},
                 util::attr0::Field{"endpoint_misses", &Counts::endpoint_misses},
                 util::attr0::Field{"bindings_saved", &Counts::bindings_saved},
                 util::attr0::Field{"sessions_saved", &Counts::sessions_saved}};
};

class Statistics {
 public:
  explicit Statistics(std::time_t now) : start_(now), interval_start_(now) {}

  void destination_looked_up(bool hit);
  void endpoint_looked_up(bool hit);
  // After a save; the peaks are of what clients saved, not of what was there before.
  void destination_saved(const SessionCache::Size& size);
  void endpoint_saved(const SessionCache::Size& size);

  // Logs what there is to tell, and begins a new interval.
  void log(std::time_t now);

  [[nodiscard]] std::time_t start() const { return start_; }
  [[nodiscard]] std::time_t interval_start() const { return interval_start_; }
  [[nodiscard]] const Counts& total() const { return total_; }
  [[nodiscard]] const Counts& interval() const { return interval_; }
  [[nodiscard]] const SessionCache::Size& peak() const { return peak_; }  // of the interval

 private:
  void count(std::uint64_t Counts::*counter) {
    ++(total_.*counter);
    ++(interval_.*counter);
  }
  [[nodiscard]] bool anything_to_tell() const;

  std::time_t start_;
  std::time_t interval_start_;
  Counts total_;
  Counts interval_;
  SessionCache::Size peak_;
};

}  // namespace handoff::global::scache
