#include "util/event_loop.h"

#include <gtest/gtest.h>

#include <csignal>

#include "support/sockets.h"

namespace handoff::util {
namespace {

using namespace std::chrono_literals;
constexpr auto kLongEnough = 10s;  // to hang a test that fails, and no longer

TEST(EventLoop, FiresATimerOnceAndNotEarly) {
  EventLoop loop;
  const auto start = loop.now();
  int fired = 0;
  const Timer timer = loop.after(20ms, [&fired] { ++fired; });
  EXPECT_TRUE(timer.pending());
  EXPECT_FALSE(loop.drain(0ms));
  while (fired == 0) loop.run_once(kLongEnough);
  EXPECT_GE(loop.now() - start, 20ms);
  EXPECT_FALSE(timer.pending());
}

TEST(EventLoop, ForgetsATimerWhoseHandleIsGone) {
  EventLoop loop;
  bool fired = false;
  {
    const Timer timer = loop.after(0ms, [&fired] { fired = true; });
  }
  EXPECT_TRUE(loop.drain(kLongEnough));
  EXPECT_FALSE(fired);
}

TEST(EventLoop, LetsACallbackReplaceItsOwnHandle) {
  EventLoop loop;
  int fired = 0;
  Timer timer;
  timer = loop.after(0ms, [&] {
    timer = loop.after(0ms, [&] {
      timer.cancel();
      ++fired;
    });
    ++fired;
  });
  EXPECT_TRUE(loop.drain(kLongEnough));
  EXPECT_EQ(fired, 2);
}

TEST(EventLoop, CallsAWatchAsLongAsThereIsSomethingToRead) {
  EventLoop loop;
  auto [remote, ours] = test::socket_pair();
  int calls = 0;
  Watch watch = loop.readable(ours.get(), [&, fd = &ours] {
    if (++calls < 3) return;
    EXPECT_EQ(test::received_text(*fd), "x");
    watch.cancel();
  });
  test::send_text(remote, "x");
  EXPECT_TRUE(loop.drain(kLongEnough));
  EXPECT_EQ(calls, 3);
}

TEST(EventLoop, DeliversSignalsFromTheLoop) {
  EventLoop loop;
  bool seen = false;
  const Watch watch = loop.on_signal(SIGUSR1, [&] {
    seen = true;
    loop.stop();
  });
  raise(SIGUSR1);
  EXPECT_FALSE(seen);
  loop.run();
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace handoff::util
