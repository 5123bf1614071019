// scache_statistics.h - how useful the cache was, for the log (spec/ipc.md 10).
//
// Counts requests of clients in intervals. Look-ups of addresses that a look-up of a domain makes
// on its way do not count.
#pragma once

#include <cstddef>
#include <ctime>

#include "global/session_cache.h"

namespace handoff::global::scache {

class Statistics {
 public:
  explicit Statistics(std::time_t now) : interval_start_(now) {}

  void destination_looked_up(bool hit) { (hit ? destination_hits_ : destination_misses_) += 1; }
  void endpoint_looked_up(bool hit) { (hit ? endpoint_hits_ : endpoint_misses_) += 1; }
  // After a save; the peaks are of what clients saved, not of what was there before.
  void destination_saved(const SessionCache::Size& size);
  void endpoint_saved(const SessionCache::Size& size);

  // Logs what there is to tell, and begins a new interval.
  void log(std::time_t now);

 private:
  [[nodiscard]] bool anything_to_tell() const;

  std::time_t interval_start_;
  std::size_t destination_hits_ = 0;
  std::size_t destination_misses_ = 0;
  std::size_t endpoint_hits_ = 0;
  std::size_t endpoint_misses_ = 0;
  SessionCache::Size peak_;
};

}  // namespace handoff::global::scache
