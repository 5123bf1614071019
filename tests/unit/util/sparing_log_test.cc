#include "util/sparing_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/log.h"
#include "util/manual_scheduler.h"

namespace handoff::util {
namespace {

using namespace std::chrono_literals;
using test::LogCapture;

using Lines = std::vector<std::string>;

TEST(SparingLog, WarnsOnceInAnIntervalAndCountsTheRest) {
  LogCapture::expect("too much");
  ManualScheduler clock;
  SparingLog log(clock, 10s);
  for (int i = 0; i < 5; ++i) log.warn("too much");
  clock.advance(9999ms);
  log.warn("too much");
  EXPECT_EQ(LogCapture::lines(), Lines{"warning: too much"});
  clock.advance(1ms);
  log.warn("too much again");
  EXPECT_EQ(LogCapture::lines().back(),
            "warning: too much again (and 5 such warnings before that)");
}

}  // namespace
}  // namespace handoff::util
