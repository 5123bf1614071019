#include "global/scache_statistics.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "support/log.h"

namespace handoff::global::scache {
namespace {

using Lines = std::vector<std::string>;

class StatisticsTest : public testing::Test {
 protected:
  StatisticsTest() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
  static constexpr std::time_t kStart = 1'793'566'381;  // Nov  1 2026
  Statistics statistics{kStart};
};

TEST_F(StatisticsTest, HasNothingToSayWhenNothingHappened) {
  statistics.log(kStart + 600);
  EXPECT_EQ(test::LogCapture::lines(), Lines());
}

TEST_F(StatisticsTest, TellsHitRatesAndPeaks) {
  statistics.destination_looked_up(true);
  statistics.destination_looked_up(true);
  statistics.destination_looked_up(false);
  statistics.endpoint_looked_up(false);
  statistics.endpoint_saved({.destinations = 9, .endpoints = 3, .sessions = 4});
  statistics.destination_saved({.destinations = 2, .endpoints = 1, .sessions = 9});
  statistics.log(kStart + 600);
  EXPECT_EQ(test::LogCapture::lines(),
            (Lines{"statistics: start interval Nov  1 20:53:01",
                   "statistics: domain lookup hits=2 miss=1 success=66%",
                   "statistics: address lookup hits=0 miss=1 success=0%",
                   "statistics: max simultaneous domains=2 addresses=3 connection=4"}));
}

TEST_F(StatisticsTest, BeginsANewIntervalEachTime) {
  statistics.endpoint_looked_up(true);
  statistics.log(kStart + 60);
  statistics.endpoint_looked_up(false);
  statistics.log(kStart + 120);
  EXPECT_EQ(test::LogCapture::lines(),
            (Lines{"statistics: start interval Nov  1 20:53:01",
                   "statistics: address lookup hits=1 miss=0 success=100%",
                   "statistics: start interval Nov  1 20:54:01",
                   "statistics: address lookup hits=0 miss=1 success=0%"}));
}

}  // namespace
}  // namespace handoff::global::scache
