#include "global/dsn.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::global {
namespace {

TEST(DsnTest, MeasuresACodeUpToABlankOrTheEnd) {
  EXPECT_EQ(dsn_code_length("4.4.1"), 5U);
  EXPECT_EQ(dsn_code_length("5.123.45 mailbox full"), 8U);
  EXPECT_EQ(dsn_code_length("2.0.0\tok"), 5U);
}

TEST(DsnTest, TakesNothingElseForACode) {
  for (auto text : {"", "4", "4.", "4.4", "4.4.", "3.0.0", "4.4.1x", "4.1234.1", "4..1", " 4.4.1",
                    "4.4.1.2", "x.4.1"})
    EXPECT_EQ(dsn_code_length(text), 0U) << text;
}

TEST(DsnTest, SplitsACodeFromItsText) {
  EXPECT_EQ(split_dsn("5.7.1  not here", "5.0.0"), Dsn::simple("5.7.1", "not here"));
  EXPECT_EQ(split_dsn("mail loops", "4.0.0"), Dsn::simple("4.0.0", "mail loops"));
}

TEST(DsnTest, ReplacesACodeOfAnotherClassWithAWarning) {
  EXPECT_EQ(checked_dsn_code("4.4.1", '4'), "4.4.1");
  test::LogCapture::expect("delivery status");
  EXPECT_EQ(checked_dsn_code("5.4.1", '4'), "4.0.0");
  EXPECT_EQ(checked_dsn_code("", '5'), "5.0.0");
}

}  // namespace
}  // namespace handoff::global
