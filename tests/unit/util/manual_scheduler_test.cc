#include "util/manual_scheduler.h"

#include <gtest/gtest.h>

#include <string>

#include "support/sockets.h"

namespace handoff::util {
namespace {

using namespace std::chrono_literals;

TEST(ManualScheduler, FiresInOrderOfTimeThenOfAsking) {
  ManualScheduler clock;
  std::string order;
  const Timer late = clock.after(2s, [&] { order += 'c'; });
  const Timer first = clock.after(1s, [&] { order += 'a'; });
  const Timer second = clock.after(1s, [&] { order += 'b'; });
  clock.advance(999ms);
  EXPECT_EQ(order, "");
  clock.advance(1ms);
  EXPECT_EQ(order, "ab");
  clock.advance(1h);
  EXPECT_EQ(order, "abc");
}

TEST(ManualScheduler, ATimerSetByATimerFiresInTheSameAdvanceWhenItIsDue) {
  ManualScheduler clock;
  const auto start = clock.now();
  Scheduler::TimePoint fired{};
  Timer inner;
  const Timer outer =
      clock.after(1s, [&] { inner = clock.after(1s, [&] { fired = clock.now(); }); });
  clock.advance(5s);
  EXPECT_EQ(fired - start, 2s);
  EXPECT_EQ(clock.now() - start, 5s);
}

TEST(ManualScheduler, ShowsReadyDescriptorsOnlyWhenAsked) {
  ManualScheduler clock;
  auto [remote, ours] = test::socket_pair();
  std::string got;
  const Watch watch =
      clock.readable(ours.get(), [&, fd = &ours] { got += test::received_text(*fd); });
  test::send_text(remote, "hello");
  EXPECT_EQ(got, "");
  clock.ready();
  EXPECT_EQ(got, "hello");
}

}  // namespace
}  // namespace handoff::util
