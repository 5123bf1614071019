#include "cleanup/utf8.h"

#include <gtest/gtest.h>

namespace handoff::cleanup {
namespace {

TEST(Utf8, TellsItFromOtherBytes) {
  for (const char* text :
       {"caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x93\xa7", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8_beyond_ascii(text)) << text;
  for (const char* text : {"", "ascii", "caf\xe9", "\xc3", "\xc0\xaf", "\xe0\x9f\xbf",
                           "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xe2\x82", "\x80", "\xc3\xa9\xff"})
    EXPECT_FALSE(is_utf8_beyond_ascii(text)) << text;
}

}  // namespace
}  // namespace handoff::cleanup
