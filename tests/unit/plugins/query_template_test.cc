#include "plugins/query_template.h"

#include <gtest/gtest.h>

namespace handoff::plugins {
namespace {

std::string expand(std::string_view text, std::string_view key,
                   QueryTemplate::Quote quote = unquoted) {
  const auto parsed = QueryTemplate::parse(text);
  if (!parsed) return "(malformed)";
  return parsed->expand(key, quote).value_or("(nothing)");
}

std::string expand_result(std::string_view text, std::string_view value, std::string_view key) {
  return QueryTemplate::parse(text)->expand_result(value, key).value_or("(nothing)");
}

TEST(QueryTemplate, TakesPartsOfAKey) {
  EXPECT_EQ(expand("(mail=%s)", "u@a.b.c"), "(mail=u@a.b.c)");
  EXPECT_EQ(expand("%u %d %U %D %S %%", "u@a.b.c"), "u a.b.c u a.b.c u@a.b.c %");
  EXPECT_EQ(expand("%1,%2,%3", "u@a.b.c"), "c,b,a");
  EXPECT_EQ(expand("%u|%d", "a@b@c.d"), "a@b|c.d");
  EXPECT_EQ(expand("%u", "plain"), "plain");
}

TEST(QueryTemplate, AKeyWithoutThePartIsNotAsked) {
  EXPECT_EQ(expand("%d", "plain"), "(nothing)");
  EXPECT_EQ(expand("%d", "user@"), "(nothing)");
  EXPECT_EQ(expand("%u", "@a.b"), "(nothing)");
  EXPECT_EQ(expand("%4", "u@a.b.c"), "(nothing)");
  EXPECT_EQ(expand("%2", "u@.b"), "(nothing)");
  EXPECT_EQ(expand("%1", "plain"), "(nothing)");
}

TEST(QueryTemplate, ResultsMayHavePartsOfValueAndKey) {
  EXPECT_EQ(expand_result("%u at %d for %S", "x@y.z", "u@a.b"), "x at y.z for u@a.b");
  EXPECT_EQ(expand_result("%U.%1", "x", "u@a.b"), "u.b");
  EXPECT_EQ(expand_result("%d", "local-only", "u@a.b"), "(nothing)");
}

TEST(QueryTemplate, KnowsItsLetters) {
  for (const char* text : {"%z", "%", "a%", "%0", "%%%"})
    EXPECT_EQ(expand(text, "k"), "(malformed)") << text;
  EXPECT_TRUE(QueryTemplate::parse("(a=100%%)")->is_fixed());
  EXPECT_FALSE(QueryTemplate::parse("(a=%s)")->is_fixed());
}

TEST(QueryTemplate, QuotesWhatMeansSomethingElse) {
  EXPECT_EQ(expand("(a=%s)", R"(a*b(c)\d)", quote_for_filter), R"((a=a\2Ab\28c\29\5Cd))");
  EXPECT_EQ(expand("cn=%s,dc=x", "a b,c=\"d\"+#<;>\\", quote_for_dn),
            R"(cn=a\20b\2Cc=\22d\22\2B\23\3C\3B\3E\5C,dc=x)");
  EXPECT_EQ(quote_for_filter(std::string_view("\0", 1)), "\\00");
}

}  // namespace
}  // namespace handoff::plugins
