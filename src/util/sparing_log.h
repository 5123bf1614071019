// sparing_log.h - warnings that somebody else can cause as often as he likes.
//
// At most one in each interval; the next one says how many were left out.
#pragma once

#include <cstddef>
#include <string_view>

#include "util/scheduler.h"

namespace handoff::util {

class SparingLog {
 public:
  explicit SparingLog(const Scheduler& clock,  // must outlive this
                      Scheduler::Duration interval = std::chrono::minutes(1))
      : clock_(clock), interval_(interval) {}

  void warn(std::string_view text);

 private:
  const Scheduler& clock_;
  Scheduler::Duration interval_;
  Scheduler::TimePoint quiet_until_ = Scheduler::TimePoint::min();
  std::size_t left_out_ = 0;
};

}  // namespace handoff::util
