#include "util/log_text.h"

#include <gtest/gtest.h>

namespace handoff::util {
namespace {

class LogText : public testing::Test {
 protected:
  void TearDown() override { show_utf8_in_log(false); }
};

TEST_F(LogText, IsOnePrintableLine) {
  EXPECT_EQ(log_text("a\tb\nc\x7f~"), "a?b?c?~");
  EXPECT_EQ(log_text("gr\xc3\xb6\xff"), "gr???");
  EXPECT_EQ(log_text(std::string(3000, 'x')).size(), 2000U);
}

TEST_F(LogText, MayHaveWhatLooksLikeUtf8) {
  show_utf8_in_log(true);
  EXPECT_EQ(log_text("gr\xc3\xb6\xc3\x9f"), "gr\xc3\xb6\xc3\x9f");
  EXPECT_EQ(log_text("\xf0\x9f\x92\xa9\n"), "\xf0\x9f\x92\xa9?");
  EXPECT_EQ(log_text("\xc3x\xe2\xc3\xa4\x80\xff\xff"), "?x?\xc3\xa4\x80??");
  EXPECT_EQ(log_text("\xc1\x80\xc3"), "???");
}

}  // namespace
}  // namespace handoff::util
