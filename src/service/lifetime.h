// lifetime.h - how long a process may live: max_idle, max_use, and retirement.
#pragma once

#include <chrono>
#include <optional>

#include "global/params.h"
#include "service/options.h"
#include "service/process.h"

namespace handoff::service {

struct Lifetime {
  std::optional<std::chrono::seconds> max_idle;
  std::optional<int> max_use;
  std::optional<std::chrono::seconds> retire_after;
};

// Retirement, for services that want it: -r, else as long as a process would live that is used
// max_use times with a pause of max_idle each time, at most 5 hours.
Lifetime lifetime(const global::Params& params, const Options& options, const Needs& needs);

}  // namespace handoff::service
