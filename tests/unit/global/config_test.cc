#include "global/config.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::global {
namespace {

using test::LogCapture;

constexpr ConfigOptions in_test(std::vector<std::string> overrides = {}) {
  return {"/test", "smtp", "relay", std::move(overrides)};
}

Config parse(std::string_view text, std::vector<std::string> overrides = {}) {
  auto config = Config::from_text(text, in_test(std::move(overrides)));
  EXPECT_TRUE(config) << config.error().what;
  return *std::move(config);
}

std::string mistake(std::string_view text) {
  const auto config = Config::from_text(text, in_test());
  return config ? "" : config.error().what;
}

TEST(Config, KeepsValuesAndWhereTheyStand) {
  const Config config =
      parse("# comment\n\nfirst = 1\n second line\n# in between\n third\nb=x = y\n");
  ASSERT_NE(config.find("first"), nullptr);
  EXPECT_EQ(config.find("first")->value, "1 second line third");
  EXPECT_EQ(config.place_of("first"), "/test/main.cf, line 3");
  EXPECT_EQ(config.find("b")->value, "x = y");
  EXPECT_EQ(config.place_of("b"), "/test/main.cf, line 7");
}

TEST(Config, TakesFilesWithCarriageReturnsAndWithoutFinalNewline) {
  const Config config = parse("a = 1\r\n\r\nb = 2 # not a comment");
  EXPECT_EQ(config.find("a")->value, "1");
  EXPECT_EQ(config.find("b")->value, "2 # not a comment");
}

TEST(Config, ALineEndsBeforeItsFirstNul) {
  using std::string_view_literals::operator""sv;
  const Config config = parse("a = 1\0 2\n 3\n \0\nb = 4\n"sv);
  EXPECT_EQ(config.find("a")->value, "1");
  EXPECT_EQ(config.find("b")->value, "4");
  LogCapture::expect("/test/main.cf, line 1: an entry is name = value");
  EXPECT_EQ(mistake("\0a = 1\n"sv), "/test/main.cf, line 1: missing attribute name: \"\"");
}

TEST(Config, RefusesLinesThatAreNoAssignment) {
  LogCapture::expect("/test/main.cf, line 3: an entry is name = value");
  LogCapture::expect("/test/main.cf, line 1: an entry is name = value");
  EXPECT_EQ(mistake("a = 1\n\nnonsense\n"),
            "/test/main.cf, line 3: missing '=' after attribute name: \"nonsense\"");
  EXPECT_EQ(mistake("a b = c\n"),
            "/test/main.cf, line 1: missing '=' after attribute name: \"a b = c\"");
  EXPECT_EQ(mistake("= x\n"), "/test/main.cf, line 1: missing attribute name: \"= x\"");
}

TEST(Config, WarnsWhenTheSecondOfTwoEntriesDiffers) {
  LogCapture::expect("/test/main.cf, line 3: overriding earlier entry: a=1");
  EXPECT_EQ(parse("a = 1\na = 1\na = 2\n").find("a")->value, "2");
  EXPECT_EQ(LogCapture::lines().size(), 1U);
}

TEST(Config, SkipsTextThatContinuesNothing) {
  LogCapture::expect(
      "warning: /test/main.cf: logical line must not start with whitespace: "
      "\"  a = 1  and so on and so fort...\"");
  const Config config = parse("  a = 1\n # comment\n\n  and so on and so forth and on\nb = 2\n");
  EXPECT_EQ(config.find("a"), nullptr);
  EXPECT_EQ(*config.value("b"), "2");
  EXPECT_EQ(LogCapture::lines().size(), 1U);
}

TEST(Config, CommandLineOverridesTheFileBeforeAnythingIsExpanded) {
  const Config config = parse("a = 1\nb = $a\n", {"a = 2 3 ", "c=$b", "d="});
  EXPECT_EQ(*config.value("b"), "2 3");
  EXPECT_EQ(*config.value("c"), "2 3");
  EXPECT_EQ(*config.value("d"), "");
  EXPECT_EQ(config.place_of("a"), "command line");
}

TEST(Config, RefusesOverridesThatAreNoAssignment) {
  EXPECT_EQ(Config::from_text("", in_test({"x"})).error().what,
            "invalid \"-o x\" option value: missing '=' after attribute name");
  EXPECT_EQ(Config::from_text("", in_test({"=x"})).error().what,
            "invalid \"-o =x\" option value: missing attribute name");
}

TEST(Config, KnowsTheNamesOfProgramAndService) {
  const Config config =
      parse("service_name = a\nname = $process_name/$service_name", {"service_name=b"});
  EXPECT_EQ(*config.value("name"), "smtp/relay");
  EXPECT_EQ(*config.value("config_directory"), "/test");
  EXPECT_EQ(*parse("", {"process_name=x"}).value("process_name"), "x");
}

TEST(Config, UnknownNamesExpandToNothingAndKnownOnesToTheirDefault) {
  const Config config =
      parse("a = <$nobody|$max_idle|$lmtp_fallback_relay|$smtpd_client_event_limit>");
  EXPECT_EQ(*config.value("a"), "<|100s||>");
  EXPECT_EQ(*config.value("smtpd_banner"), *config.value("myhostname") + " ESMTP Postfix")
      << "only Postfix's programs read it";
  EXPECT_EQ(*config.value("nobody"), "");
}

TEST(Config, ReportsRecursionAsAWarningAndAnError) {
  LogCapture::expect("unreasonable macro call nesting: \"b\"");
  const auto value = parse("a = $b\nb = $a\n").value("b");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().what, "dictionary mail_dict: macro processing error");
}

TEST(Config, HostAndDomainAreMadeFromEachOther) {
  EXPECT_EQ(*parse("myhostname = a.b.example\n").value("mydomain"), "b.example");
  EXPECT_EQ(*parse("myhostname = single\n").value("mydomain"), "localdomain");
  EXPECT_EQ(*parse("myhostname = $x\nx = h.d.example").value("mydomain"), "d.example");
  const std::string host = *parse("mydomain = $x\nx = d.example").value("myhostname");
  EXPECT_NE(host.find('.'), std::string::npos);
  EXPECT_EQ(*parse("myhostname = h.d.example").value("mydestination"),
            "h.d.example, localhost.d.example, localhost");
}

TEST(Config, HostAndDomainMayNotWaitForEachOther) {
  EXPECT_EQ(*parse("myhostname = a.$mydomain\n").value("myhostname"), "a.");
  EXPECT_EQ(*parse("myhostname = $mydomain\nmydomain = $myhostname\n").value("max_use"), "100");
}

TEST(Config, NamesTheFileThatIsMissing) {
  const auto config = Config::try_load({"/nonexistent", "smtp", {}, {}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().what, "open /nonexistent/main.cf: No such file or directory");
}

}  // namespace
}  // namespace handoff::global
