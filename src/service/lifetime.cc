#include "service/lifetime.h"

#include <algorithm>

namespace handoff::service {

Lifetime lifetime(const global::Params& params, const Options& options, const Needs& needs) {
  constexpr std::chrono::seconds kLongest{18000};
  Lifetime life;
  if (needs.max_idle) life.max_idle = params.max_idle;
  if (needs.max_use) life.max_use = params.max_use;
  if (!needs.retires) return life;
  // In whole idle periods, so that a large product cannot overflow.
  const bool long_lived = params.max_use >= kLongest / params.max_idle;
  const auto usual = long_lived ? kLongest : params.max_idle * params.max_use;
  life.retire_after = options.retire_after.value_or(std::min(usual, kLongest));
  return life;
}

}  // namespace handoff::service
