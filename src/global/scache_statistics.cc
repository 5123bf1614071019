#include "global/scache_statistics.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "util/msg.h"

namespace handoff::global::scache {
namespace {

void log_look_ups(std::string_view what, std::uint64_t hits, std::uint64_t misses) {
  if (hits + misses == 0) return;
  msg::info("statistics: {} lookup hits={} miss={} success={}%", what, hits, misses,
            hits * 100 / (hits + misses));
}

void log_interval_start(std::time_t start) {
  std::tm local{};
  localtime_r(&start, &local);
  std::array<char, 32> text{};  // "Nov  1 20:53:01"; programs do not set a locale
  std::strftime(text.data(), text.size(), "%b %e %H:%M:%S", &local);
  msg::info("statistics: start interval {}", text.data());
}

}  // namespace

void Statistics::destination_looked_up(bool hit) {
  count(hit ? &Counts::destination_hits : &Counts::destination_misses);
}

void Statistics::endpoint_looked_up(bool hit) {
  count(hit ? &Counts::endpoint_hits : &Counts::endpoint_misses);
}

void Statistics::destination_saved(const SessionCache::Size& size) {
  count(&Counts::bindings_saved);
  peak_.destinations = std::max(peak_.destinations, size.destinations);
  peak_.endpoints = std::max(peak_.endpoints, size.endpoints);
}

void Statistics::endpoint_saved(const SessionCache::Size& size) {
  count(&Counts::sessions_saved);
  peak_.endpoints = std::max(peak_.endpoints, size.endpoints);
  peak_.sessions = std::max(peak_.sessions, size.sessions);
}

bool Statistics::anything_to_tell() const {
  return interval_.destination_hits + interval_.destination_misses + interval_.endpoint_hits +
                 interval_.endpoint_misses >
             0 ||
         peak_ != SessionCache::Size();
}

void Statistics::log(std::time_t now) {
  if (anything_to_tell()) log_interval_start(interval_start_);
  log_look_ups("domain", interval_.destination_hits, interval_.destination_misses);
  log_look_ups("address", interval_.endpoint_hits, interval_.endpoint_misses);
  if (peak_ != SessionCache::Size())
    msg::info("statistics: max simultaneous domains={} addresses={} connection={}",
              peak_.destinations, peak_.endpoints, peak_.sessions);
  interval_start_ = now;
  interval_ = {};
  peak_ = {};
}

}  // namespace handoff::global::scache
