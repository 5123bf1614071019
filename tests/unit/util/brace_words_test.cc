#include "util/brace_words.h"

#include <gtest/gtest.h>

namespace handoff::util {
namespace {

using Words = std::vector<std::string>;

std::string error_of(std::string_view text) {
  const auto words = split_brace_words(text);
  return words ? "" : words.error().what;
}

TEST(BraceWords, SplitsAtBlanksOutsideOfBraces) {
  EXPECT_EQ(*split_brace_words(" -o  a=b\tc\r\n"), (Words{"-o", "a=b", "c"}));
  EXPECT_EQ(*split_brace_words("a{ b c }"), Words{"a{ b c }"});
  EXPECT_EQ(*split_brace_words(""), Words{});
}

TEST(BraceWords, TakesTheOuterBracesOff) {
  EXPECT_EQ(*split_brace_words("-o { a = b c } x"), (Words{"-o", "a = b c", "x"}));
  EXPECT_EQ(*split_brace_words("{ c { d } }"), Words{"c { d }"});
  EXPECT_EQ(*split_brace_words("{  }"), Words{""});
}

TEST(BraceWords, QuotesAndBackslashesMeanNothing) {
  EXPECT_EQ(*split_brace_words("\"q r\" a\\ b } x"), (Words{"\"q", "r\"", "a\\", "b", "}", "x"}));
}

TEST(BraceWords, NamesTheMistake) {
  EXPECT_EQ(error_of("x {a}b y"), "syntax error after '}' in \"{a}b\"");
  EXPECT_EQ(error_of("-o { a = b"), "missing '}' in \"{ a = b\"");
}

}  // namespace
}  // namespace handoff::util
