#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"
#include "tables/table.h"

namespace handoff::tables {
namespace {

using test::LogCapture;

// "-" is not found.
std::string ask(const SharedTable& table, std::string_view key) {
  const Answer answer = table->lookup(key);
  EXPECT_TRUE(answer) << answer.error().what;
  return answer ? answer->value_or("-") : "!";
}

class Rules : public testing::Test {
 protected:
  SharedTable table(const std::string& type, const std::string& rules,
                    const TableOptions& options = {}) {
    directory_.write("rules", rules);
    auto opened = try_open_table(type + ":" + directory_.path("rules"), options);
    EXPECT_TRUE(opened) << opened.error().what;
    return *opened;
  }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(Rules, TheFirstRuleThatMatchesDecides) {
  const auto regexp = table("regexp", "/^ab/ one\n/b/ two\n!/c/ three\n");
  EXPECT_EQ(ask(regexp, "ABC"), "one");
  EXPECT_EQ(ask(regexp, "cb"), "two");
  EXPECT_EQ(ask(regexp, "a"), "three");
  EXPECT_EQ(ask(regexp, "ac"), "-");
}

TEST_F(Rules, GroupsStandInTheResult) {
  const auto regexp = table("regexp", "/^(.)(x)?(.)$/ $3-${1}$(2)$$\n");
  EXPECT_EQ(ask(regexp, "ab"), "b-a$");
  EXPECT_EQ(ask(regexp, "axb"), "b-ax$");
}

TEST_F(Rules, ConditionsNest) {
  const auto regexp = table("regexp",
                            "if /a/\nif !/b/\n/./ a without b\nendif\n/c/ a, b and c\nENDIF\n"
                            "/d/!/e/ d without e\n");
  EXPECT_EQ(ask(regexp, "a"), "a without b");
  EXPECT_EQ(ask(regexp, "abc"), "a, b and c");
  EXPECT_EQ(ask(regexp, "abd"), "d without e");
  EXPECT_EQ(ask(regexp, "de"), "-");
}

TEST_F(Rules, MayBeTooDangerousForTheUser) {
  LogCapture::expect("line 1: regular expression substitution is not allowed: skipping this rule");
  TableOptions options;
  options.no_substitution = true;
  const auto regexp = table("regexp", "/^(.*)$/ $1\n/a/ plain\n", options);
  EXPECT_EQ(ask(regexp, "a"), "plain");
}

TEST_F(Rules, ABadRuleIsLeftOut) {
  LogCapture::expect("line 1: no closing regexp delimiter \"/\": skipping this rule");
  LogCapture::expect("line 2: IF has no matching ENDIF");
  const auto regexp = table("regexp", "/a b\nif /a/\n/a/ x\n");
  EXPECT_EQ(ask(regexp, "a"), "x");
  EXPECT_EQ(ask(regexp, "b"), "-");
}

TEST_F(Rules, NetworksContainAddressesOfTheirFamily) {
  const auto cidr = table("cidr",
                          "192.0.2.0/24 net\n[2001:db8::]/32 six\n!10.0.0.0/8 not ten\n"
                          "10.1.0.0/16 ten\n0.0.0.0/0 all\n");
  EXPECT_EQ(ask(cidr, "192.0.2.255"), "net");
  EXPECT_EQ(ask(cidr, "2001:db8:ffff::1"), "six");
  EXPECT_EQ(ask(cidr, "2001:db9::1"), "-");
  EXPECT_EQ(ask(cidr, "11.0.0.1"), "not ten");
  EXPECT_EQ(ask(cidr, "10.1.2.3"), "ten");
  EXPECT_EQ(ask(cidr, "10.2.2.3"), "all");
  EXPECT_EQ(ask(cidr, "::ffff:192.0.2.1"), "-");
  EXPECT_EQ(ask(cidr, "192.0.2"), "-");
}

TEST_F(Rules, NetworksHaveNoHostBits) {
  LogCapture::expect(
      "line 1: non-null host address bits in \"192.0.2.5/24\", perhaps you should "
      "use \"192.0.2.0/24\" instead: skipping this rule");
  LogCapture::expect("line 2: bad mask length in \"10.0.0.0/33\": skipping this rule");
  EXPECT_EQ(ask(table("cidr", "192.0.2.5/24 a\n10.0.0.0/33 b\n"), "192.0.2.5"), "-");
}

TEST_F(Rules, MayStandInTheName) {
  EXPECT_EQ(ask(open_table("regexp:{ {/a/ b}, {/c/ {d e}} }"), "c"), "{d e}");
  EXPECT_EQ(ask(open_table("cidr:{{192.0.2.1 x}}"), "192.0.2.1"), "x");
  EXPECT_EQ(try_open_table("regexp:{/a/ b}").error().what,
            "regexp map: no '{' at start of text in \"/a/\"");
}

}  // namespace
}  // namespace handoff::tables
