#include "global/config_expand.h"

#include <gtest/gtest.h>

#include <map>

namespace handoff::global {
namespace {

// As in spec and as stock prints it; the same table is compared with stock itself in
// tests/interop/test_config.py.
util::Result<std::string> expand(std::string_view text,
                                 std::map<std::string, std::string, std::less<>> more = {}) {
  more.merge(std::map<std::string, std::string, std::less<>>{
      {"one", "1"}, {"empty", ""}, {"sp", "a b"}, {"rec", "$rec"}});
  return expand_macros(text, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = more.find(name);
    if (found == more.end()) return std::nullopt;
    return found->second;
  });
}

struct Case {
  const char* text;
  const char* result;
};

class Expands : public testing::TestWithParam<Case> {};

TEST_P(Expands, Text) {
  const auto value = expand(GetParam().text);
  ASSERT_TRUE(value) << value.error().what;
  EXPECT_EQ(*value, GetParam().result) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Names, Expands,
                         testing::Values(Case{"$one-two", "1-two"}, Case{"${one}x", "1x"},
                                         Case{"$(one)", "1"}, Case{"$$one", "$one"},
                                         Case{"$$$one", "$1"}, Case{"\\$one", "\\1"},
                                         Case{"${ one }", "1"}, Case{"$one_two", ""},
                                         Case{"$none", ""}, Case{"a$$", "a$"}, Case{"", ""},
                                         Case{"$one}", "1}"}, Case{"${ }", ""},
                                         Case{"$one$one", "11"}));

INSTANTIATE_TEST_SUITE_P(
    Choices, Expands,
    testing::Values(Case{"${one?yes:no}", "yes:no"}, Case{"${one?{yes}:{no}}", "yes"},
                    Case{"${none?{yes}:{no}}", "no"}, Case{"${one ? {yes} : {no}}", "yes"},
                    Case{"[${ one ? yes : no }]", "[ yes : no ]"}, Case{"${one:no}", ""},
                    Case{"${none:no}", "no"}, Case{"${empty:no}", "no"}, Case{"${empty?yes}", ""},
                    Case{"${none:{a} }", "a"}, Case{"${one?{a} :b z}", "a"},
                    Case{"${none?{a} :b z}", "b z"}, Case{"[${none?{a} : b }]", "[ b ]"},
                    Case{"${y?a{b}:c}", ""}, Case{"${one?a{b}:c}", "a{b}:c"},
                    Case{"${one?$sp}", "a b"}, Case{"${one?$$sp}", "$sp"}, Case{"${one?}", ""},
                    Case{"${one?{}}", ""}, Case{"$(one?a(b)c)", "a(b)c"},
                    Case{"$(one?a{b)c})", "a{bc})"}, Case{"$(one?{x}:{y})", "x"},
                    Case{"${one?(x}", "(x"}, Case{"[${one?{ yes }:{ no }}]", "[ yes ]"},
                    Case{"${one?a}b}", "ab}"}, Case{"${?x}", ""}, Case{"${:x}", "x"},
                    Case{"${one?{$one}:{$rec}}", "1"}, Case{"${rec?x}", "x"},
                    Case{"${one?${one?${one?deep}}}", "deep"}));

INSTANTIATE_TEST_SUITE_P(
    Comparisons, Expands,
    testing::Values(Case{"${{1} == {1}}", "true"}, Case{"${{1}=={01}}", "true"},
                    Case{"${{a}=={b}}", ""}, Case{"${{a}!={b}}", "true"},
                    Case{"${{10}<{9}?{lt}:{ge}}", "ge"}, Case{"${{a10}<{a9}?{lt}:{ge}}", "lt"},
                    Case{"${{10}>{9}?lt:ge}", "lt:ge"}, Case{"${{10}<{9}:ge}", "ge"},
                    Case{"${{$one} == {1}}", "true"}, Case{"${{${one}} == {1}}", "true"},
                    Case{"$({1}=={1}?x)", "x"}, Case{"${{}=={}}", "true"},
                    Case{"${ {1} == {1} ? {y} : {n} }", "y"}, Case{"${{ 1 }=={1}?a:b}", ""},
                    Case{"${{-1}<{3}?y:n}", "y:n"}, Case{"${{abc} == {ABC}?y:n}", ""},
                    Case{"${{3.10} >=level {3.6} ? {t} : {f}}", "t"},
                    Case{"${{3.10}<{3.9}?{lt}:{ge}}", "lt"}, Case{"${{1}==level{1.0}}", "true"},
                    Case{"${{ 1} ==level {1}?y}", "y"},
                    Case{"${{1.1023.1023} >level {1.1023.1022}?y}", "y"},
                    // Beyond stock, which ends the process here.
                    Case{"${{99999999999999999999}>{3}?y}", "y"}));

class Refuses : public testing::TestWithParam<Case> {};

TEST_P(Refuses, Text) {
  const auto value = expand(GetParam().text);
  ASSERT_FALSE(value) << *value;
  EXPECT_EQ(value.error().what, GetParam().result);
}

constexpr const char* kOperators =
    R"("==" or "!="" or "<"" or "<="" or ">="" or ">" expected at: "...)";

INSTANTIATE_TEST_SUITE_P(
    Mistakes, Refuses,
    testing::Values(
        Case{"a$", R"(empty macro name: "a$")"}, Case{"$ one", R"(empty macro name: "$ one")"},
        Case{"${}", R"(empty macro name: "${}")"},
        Case{"${one", R"(truncated macro reference: "${one")"},
        Case{"${one}${", R"(truncated macro reference: "${one}${")"},
        Case{"$(one}", R"(truncated macro reference: "$(one}")"},
        Case{"${one!x}", R"(attribute name syntax error at: "...one>>>!x")"},
        Case{"${ one ! x}", R"(attribute name syntax error at: "... one>>> ! x")"},
        Case{"${=}", R"(attribute name syntax error at: "...>>>=")"},
        Case{"${one?{a} z}", R"(":" expected at: "...a}>>>z")"},
        Case{"${none?{a} : {b} z}", R"(unexpected input at: "...b}>>>z")"},
        Case{"${none:{a}b}", R"(unexpected input at: "...a}>>>b")"},
        Case{"${{10}<{9} x}", R"("?" or ":" expected at: "...}>>>x")"},
        Case{"${none:{a}bcdefghijklmnopqrstuvwxyz}",
             R"(unexpected input at: "...a}>>>bcdefghijklmnopqrstu")"},
        Case{"${{a}==bcdefghijklmnopqrstuvwxyz}",
             R"(bad operator suffix at: "...==>>>bcdefghijklmnopqrstuvwxyz")"},
        Case{"${{a}==b {c}}", R"(bad operator suffix at: "...==>>>b")"},
        Case{"${{a}>=foo{b}}", R"(bad operator suffix at: "...>=>>>foo")"},
        Case{"${{a}== }", R"("{expression}" expected at: "...{a} ==>>> ")"},
        Case{"${{1} >= level {1}}", R"("{expression}" expected at: "...{1} >=>>> level {1}")"},
        Case{"$(one?{a)", R"(unbalanced {} in attribute expression: "{a")"},
        Case{"$({a} == {b) x}", R"(unbalanced {} in attribute expression: "{b")"},
        Case{"${{1.1024} >level {1}?y}", R"(malformed compatibility level syntax: "1.1024")"},
        Case{"${{3.10.x} >=level {3.6}}", R"(malformed compatibility level syntax: "3.10.x")"},
        Case{"${{3.6.0.1} >=level {3.6}}", R"(malformed compatibility level syntax: "3.6.0.1")"},
        Case{"${{1}>=level{}}", R"(malformed compatibility level syntax: "")"},
        Case{"$rec", R"(unreasonable macro call nesting: "rec")"}));

TEST(ConfigExpand, NamesAllOperatorsWithTheirQuotes) {
  for (const auto& [text, at] : std::initializer_list<std::pair<const char*, std::string>>{
           {"${{a}={a}?x:y}", "a}>>>={a}?x:y"},
           {"${{a}}", "a}>>>"},
           {"${{a} foo {b}}", "a}>>>foo {b}"},
           {"${{1}<>{1}}", "1}>>><>{1}"},
           {"${{a}==!{b}}", "a}>>>==!{b}"}}) {
    const auto value = expand(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().what, kOperators + at + "\"");
  }
}

std::map<std::string, std::string, std::less<>> chain(int length) {
  std::map<std::string, std::string, std::less<>> values;
  for (int i = 0; i < length; ++i) values["v" + std::to_string(i)] = "$v" + std::to_string(i + 1);
  values["v" + std::to_string(length)] = "end";
  return values;
}

TEST(ConfigExpand, GoesAHundredLevelsDeepAndNoFurther) {
  EXPECT_EQ(*expand("$v0", chain(99)), "end");
  EXPECT_EQ(expand("$v0", chain(100)).error().what, "unreasonable macro call nesting: \"end\"");
  EXPECT_EQ(expand("$v0", chain(500)).error().what, "unreasonable macro call nesting: \"v101\"");
}

TEST(ConfigExpand, SurvivesBracketsByTheThousand) {
  const std::string many(100'000, '{');
  EXPECT_FALSE(expand("$" + many));
  EXPECT_FALSE(expand("$" + many + std::string(100'000, '}')));
}

TEST(Expansion, EndsWhenValuesMultiply) {
  std::map<std::string, std::string, std::less<>> values;
  for (int i = 0; i < 90; ++i) {
    const std::string next = "$n" + std::to_string(i + 1);
    values.emplace("n" + std::to_string(i), next + next);
  }
  const auto value = expand("$n0", values);
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().what.find("unreasonable macro call nesting"), std::string::npos);
}

std::string mentioned(std::string_view text) {
  std::string names;
  const util::Status visited =
      visit_macros(text, [&](std::string_view name) { names += std::string(name) + ' '; });
  return names + (visited ? "" : visited.error().what);
}

TEST(VisitMacros, NamesAllBranches) {
  EXPECT_EQ(mentioned("$a $$b ${c}$(d) $a"), "a c d a ");
  EXPECT_EQ(mentioned("${a?{$b}:{${c:$d}}}"), "a b c d ");
  EXPECT_EQ(mentioned("${{$a} ==level {x$b} ? {$c} : $d}"), "a b c d ");
}

TEST(VisitMacros, NamesWhatStandsBeforeAMistake) {
  EXPECT_EQ(mentioned("$a ${b"), "a truncated macro reference: \"$a ${b\"");
  EXPECT_EQ(mentioned("${a?{b}c}"), "a \":\" expected at: \"...b}>>>c\"");
}

TEST(VisitMacros, GivesUpOnDeepNesting) {
  std::string deep = "x";
  for (int i = 0; i < 200; ++i) deep = "${a?" + deep + "}";
  EXPECT_NE(mentioned(deep).find("unreasonable macro call nesting"), std::string::npos);
}

}  // namespace
}  // namespace handoff::global
