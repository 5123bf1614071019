#include "qmgr/window.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::qmgr {
namespace {

TEST(Window, DiesAfterThreeFailuresFromItsInitialSize) {
  Window window(WindowSettings{});
  window.bad();
  EXPECT_EQ(window.size(), 3);  // the first failure costs two steps
  EXPECT_NEAR(window.failed_cohorts(), 0.2, 1e-9);
  window.bad();
  EXPECT_EQ(window.size(), 2);
  window.bad();
  EXPECT_TRUE(window.dead());
}

TEST(Window, OpensNoFurtherThanWhatIsInUse) {
  Window window(WindowSettings{});
  window.good(1);
  EXPECT_EQ(window.size(), 6);
  window.good(1);
  EXPECT_EQ(window.size(), 6);
  window.good(6);
  EXPECT_EQ(window.size(), 7);
}

TEST(Window, StopsAtTheLimit) {
  Window window(WindowSettings{.limit = 6});
  for (int i = 0; i < 10; ++i) window.good(10);
  EXPECT_EQ(window.size(), 6);
}

TEST(Window, StartsNoLargerThanTheLimit) {
  EXPECT_EQ(Window(WindowSettings{.limit = 2}).size(), 2);
  EXPECT_EQ(Window(WindowSettings{.limit = 0}).size(), 5);
}

TEST(Window, ForgetsFailuresAfterASuccess) {
  Window window(WindowSettings{});
  for (int i = 0; i < 20; ++i) {
    window.bad();
    window.good(5);
  }
  EXPECT_FALSE(window.dead());
}

TEST(Window, ComesBackToLifeWithWhatIsInUse) {
  Window window(WindowSettings{});
  window.kill();
  window.good(3);
  EXPECT_EQ(window.size(), 3);
  window.kill();
  window.revive();
  EXPECT_EQ(window.size(), 5);
}

TEST(Window, NeverDiesWithoutACohortLimit) {
  Window window(WindowSettings{.cohort_limit = 0});
  for (int i = 0; i < 50; ++i) window.bad();
  EXPECT_EQ(window.size(), 1);
}

TEST(Window, GathersThirdsToAWhole) {
  WindowSettings settings;
  settings.positive = Feedback::parse("x", "1/3");
  Window window(settings);
  window.good(5);
  window.good(5);
  EXPECT_EQ(window.size(), 5);
  window.good(5);
  EXPECT_EQ(window.size(), 6);
}

TEST(Feedback, ReadsAllForms) {
  EXPECT_DOUBLE_EQ(Feedback::parse("x", "0.5").at(7), 0.5);
  EXPECT_DOUBLE_EQ(Feedback::parse("x", " 1 / 4 ").at(7), 0.25);
  EXPECT_DOUBLE_EQ(Feedback::parse("x", "1/concurrency").at(8), 0.125);
  EXPECT_DOUBLE_EQ(Feedback::parse("x", "1/sqrt_concurrency").at(16), 0.25);
}

TEST(Feedback, LooksNoFurtherThanTheNumberWithoutADivision) {
  for (const char* text : {"0.5x", "0.5 2", "0.5x/5"})
    EXPECT_DOUBLE_EQ(Feedback::parse("x", text).at(3), 0.5) << text;
}

TEST(Feedback, TakesOneForAnythingElse) {
  for (const char* bad : {"", "2", "-1", "x", "1/0", "1/x", "3/2", "1/", "nan", "1/5x", "-1/-1"}) {
    test::LogCapture::expect("name: ignoring malformed or unreasonable feedback: ");
    EXPECT_DOUBLE_EQ(Feedback::parse("name", bad).at(3), 1) << bad;
  }
}

}  // namespace
}  // namespace handoff::qmgr
