#include "util/text.h"

#include <gtest/gtest.h>

namespace handoff::util {
namespace {

TEST(Text, SplitsAtAnySeparatorAndDropsEmptyPieces) {
  const std::vector<std::string_view> expected{"a", "b", "c"};
  EXPECT_EQ(split(" a,, b\tc ", ", \t"), expected);
  EXPECT_TRUE(split(" , ", ", ").empty());
}

TEST(Text, TrimsBothEnds) {
  EXPECT_EQ(trim(" \t x y \r\n"), "x y");
  EXPECT_EQ(trim("   "), "");
}

TEST(Text, TakesOnlyWholeNumbers) {
  EXPECT_EQ(to_int64("-12"), -12);
  EXPECT_EQ(to_int64("+7"), 7);
  EXPECT_FALSE(to_int64("+-7"));
  EXPECT_FALSE(to_int64("12x"));
  EXPECT_FALSE(to_int64(""));
  EXPECT_FALSE(to_int64("99999999999999999999"));
  EXPECT_FALSE(to_int("2147483648"));
}

TEST(Text, Base64IsThatOfRfc4648) {
  for (const auto& [bytes, text] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  EXPECT_EQ(base64_decode(base64_encode(std::string("\0\xff\x80", 3))),
            std::string("\0\xff\x80", 3));
}

TEST(Text, Base64RefusesWhatIsMalformed) {
  for (const char* text : {"Zg=", "Zg", "Z===", "Zm9v!bar", "=Zm9", "Zg==Zg=="})
    EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace
}  // namespace handoff::util
