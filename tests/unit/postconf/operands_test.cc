#include <gtest/gtest.h>

#include "postconf/layout.h"
#include "postconf/options.h"
#include "postconf/service_pattern.h"
#include "postconf/table_references.h"

namespace handoff::postconf {
namespace {

std::string complaint(std::string_view given) {
  const util::Status checked = check_combination(given);
  return checked ? "" : checked.error().what;
}

TEST(Combinations, ThatMakeSenseAreAccepted) {
  for (const char* given : {"", "nfxo", "dhC", "Mfxo", "MX", "M#", "Fe", "PXo", "PX", "qj", "Mjx"})
    EXPECT_EQ(complaint(given), given == std::string("PXo") ? "specify one of -o -X" : "") << given;
}

TEST(Combinations, AreRefusedByTheFirstRuleThatTheyBreak) {
  EXPECT_EQ(complaint("MF"), "specify one of -F -M");
  EXPECT_EQ(complaint("den"), "specify one of -d -e -n");
  EXPECT_EQ(complaint("hH"), "specify one of -h -H");
  EXPECT_EQ(complaint("ef"), "specify one of -e -f");
  EXPECT_EQ(complaint("jf"), "specify one of -f -j");
  EXPECT_EQ(complaint("Mn"), "with option -M, do not specify -n");
  EXPECT_EQ(complaint("FX"), "with option -F, do not specify -X");
  EXPECT_EQ(complaint("lx"), "with option -l, do not specify -x");
  EXPECT_EQ(complaint("Kx"), "with option --check, do not specify -x");
}

TEST(Classes, AreNamedInAnyCase) {
  const auto classes = parse_classes("Builtin, USER");
  ASSERT_TRUE(classes);
  EXPECT_TRUE(classes->builtin && classes->user && !classes->service);
  EXPECT_EQ(parse_classes("user,bogus").error().what,
            "unknown -C option value \"bogus\" in \"user,bogus\"");
}

TEST(ServicePattern, MissingComponentsMatchAnything) {
  const auto pattern = ServicePattern::parse("smtp", 1, 3);
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches("smtp", "inet"));
  EXPECT_FALSE(pattern->matches("lmtp", "inet"));
  EXPECT_TRUE(pattern->matches_item("command"));
  EXPECT_TRUE(ServicePattern::parse("*/unix", 1, 2)->matches("x", "unix"));
}

TEST(ServicePattern, RefusesWhatIsNone) {
  for (const char* text : {"", "/smtp", "a/b/c", "s*", "smtp/*x", "*/**"})
    EXPECT_FALSE(ServicePattern::parse(text, 1, 2)) << text;
  EXPECT_FALSE(ServicePattern::parse("smtp", 2, 2));
}

std::string references(std::string_view value) {
  std::string found;
  visit_table_references(value, "main.cf", [&](const TableReference& table) {
    found += std::string(table.type) + ":" + std::string(table.name) + ' ';
  });
  return found;
}

TEST(TableReferences, AreFoundInListsAndBelowOtherTables) {
  EXPECT_EQ(references("hash:/x, ldap:a proxy:mysql:b"), "ldap:a mysql:b ");
  EXPECT_EQ(references("{ ldap:a, x } unionmap:{pgsql:b, pipemap:{{sqlite:c}}}"),
            "ldap:a pgsql:b sqlite:c ");
  EXPECT_EQ(references("foo:ldap:a !ldap:b inline:{a=ldap:c} x{ ldap:d } proxy:{ldap:e}"), "");
}

TEST(TableReferences, SurviveDeepBraces) {
  EXPECT_EQ(references(std::string(5000, '{') + "ldap:a" + std::string(5000, '}')), "");
}

TEST(Layout, FoldsBetweenWords) {
  Options options;
  EXPECT_EQ(format_setting(options, "a", " b\t\n  c "), "a = b c\n");
  EXPECT_EQ(format_setting(options, "a", ""), "a =\n");
  options.fold = true;
  const std::string word(74, 'x');
  EXPECT_EQ(format_setting(options, "a", word + " y"), "a = " + word + " y\n");
  EXPECT_EQ(format_setting(options, "a", word + " yz"), "a = " + word + "\n    yz\n");
}

TEST(Layout, JsonKeepsBlanksAndIsAlwaysUtf8) {
  Options options;
  options.json = true;
  EXPECT_EQ(format_setting(options, "a", "b  \"c\"\xff"),
            "{\"a\": \"b  \\\"c\\\"\xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace handoff::postconf
