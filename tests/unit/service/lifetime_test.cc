#include "service/lifetime.h"

#include <gtest/gtest.h>

namespace handoff::service {
namespace {

using namespace std::chrono_literals;

global::Params params(std::chrono::seconds max_idle, int max_use) {
  global::Params values;
  values.max_idle = max_idle;
  values.max_use = max_use;
  return values;
}

TEST(Lifetime, IsWhatMainCfSays) {
  const Lifetime life = lifetime(params(100s, 50), {}, {});
  EXPECT_EQ(life.max_idle, 100s);
  EXPECT_EQ(life.max_use, 50);
  EXPECT_EQ(life.retire_after, std::nullopt);
}

TEST(Lifetime, HasNoLimitsThatTheServiceDoesWithout) {
  const Lifetime life = lifetime(params(100s, 50), {}, {.max_use = false, .max_idle = false});
  EXPECT_EQ(life.max_idle, std::nullopt);
  EXPECT_EQ(life.max_use, std::nullopt);
}

TEST(Lifetime, RetirementIsAUsualLifeAtMostFiveHours) {
  const Needs retires{.retires = true};
  EXPECT_EQ(lifetime(params(100s, 100), {}, retires).retire_after, 10000s);
  EXPECT_EQ(lifetime(params(100s, 1000), {}, retires).retire_after, 18000s);
  EXPECT_EQ(lifetime(params(2000000000s, 2000000000), {}, retires).retire_after, 18000s);
  Options options;
  options.retire_after = 5s;
  EXPECT_EQ(lifetime(params(100s, 100), options, retires).retire_after, 5s);
}

}  // namespace
}  // namespace handoff::service
