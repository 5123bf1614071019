#include "global/params.h"

#include <gtest/gtest.h>

#include "global/param_values.h"
#include "support/files.h"
#include "support/log.h"

namespace handoff::global {
namespace {

using namespace std::chrono_literals;
using test::LogCapture;

Config parse(std::string_view text) {
  auto config = Config::from_text(text, {"/test", "smtp", {}, {}});
  EXPECT_TRUE(config) << config.error().what;
  return *std::move(config);
}

TEST(Params, HaveTheirTypesAndDefaults) {
  const Params params = load_params(parse(""), "smtp");
  EXPECT_EQ(params.max_idle, 100s);
  EXPECT_EQ(params.max_use, 100);
  EXPECT_EQ(params.message_size_limit, 10'240'000);
  EXPECT_FALSE(params.soft_bounce);
  EXPECT_EQ(params.queue_directory, "/var/spool/postfix");
  EXPECT_EQ(params.syslog_name, "postfix");
  EXPECT_EQ(params.dns_resolver_addresses, "");
}

TEST(Params, DefaultsFollowWhatTheyReferTo) {
  const Params params =
      load_params(parse("compatibility_level = 3.6\nmulti_instance_name = postfix-out\n"
                        "myhostname = mx.example.org\nfallback_relay = relay.example\n"),
                  "trivial-rewrite");
  EXPECT_FALSE(params.append_dot_mydomain);
  EXPECT_TRUE(params.respectful_logging);
  EXPECT_EQ(params.syslog_name, "postfix-out");
  EXPECT_EQ(params.myorigin, "mx.example.org");
  EXPECT_EQ(params.mydomain, "example.org");
  EXPECT_EQ(params.smtp_fallback_relay, "relay.example");
}

TEST(Params, ReadersStopAtABadValueAndOthersDoNotCare) {
  const Config config = parse("\nconnection_cache_ttl_limit = 5x\n");
  EXPECT_EQ(load_params(config, "smtp").connection_cache_ttl_limit, 2s);

  LogCapture::expect(
      "/test/main.cf, line 2: connection_cache_ttl_limit = 5x: must be a number and "
      "s, m, h, d or w, at least 1s");
  const auto params = try_load_params(config, "scache");
  ASSERT_FALSE(params);
  EXPECT_EQ(params.error().what,
            "parameter connection_cache_ttl_limit: bad time value or unit: 5x");
}

TEST(Params, OthersDoNotHearOfRecursionEither) {
  EXPECT_EQ(load_params(parse("connection_cache_ttl_limit = $connection_cache_ttl_limit"), "smtp")
                .connection_cache_ttl_limit,
            2s);
  EXPECT_TRUE(LogCapture::lines().empty());
}

TEST(Params, AnErrorOfExpansionNamesItsPlace) {
  LogCapture::expect("unreasonable macro call nesting: \"max_use\"");
  LogCapture::expect("/test/main.cf, line 1: max_use = $max_use: the value cannot be expanded");
  const auto params = try_load_params(parse("max_use = $max_use"), "smtp");
  ASSERT_FALSE(params);
  EXPECT_EQ(params.error().what, "dictionary mail_dict: macro processing error");
}

TEST(Params, RefuseAMalformedCompatibilityLevel) {
  LogCapture::expect("/test/main.cf, line 1: compatibility_level = 3.x: must be a version");
  EXPECT_EQ(try_load_params(parse("compatibility_level = 3.x"), "smtp").error().what,
            "malformed compatibility level syntax: \"3.x\"");
}

TEST(Params, AnOriginMayStandInAFile) {
  const test::TemporaryDirectory directory;
  directory.write("mailname", " example.org \nsecond line\n");
  directory.write("empty", "\nexample.org\n");
  const std::string path = directory.path("mailname");
  EXPECT_EQ(load_params(parse("myorigin = " + path), "smtp").myorigin, "example.org");

  LogCapture::expect("/test/main.cf, line 1: myorigin = ");
  EXPECT_EQ(try_load_params(parse("myorigin = " + directory.path("empty")), "smtp").error().what,
            "myorigin file " + directory.path("empty") + " is empty");
  EXPECT_EQ(try_load_params(parse("myorigin = /nonexistent/x"), "smtp").error().what,
            "/nonexistent/x: cannot open file: No such file or directory");
}

TEST(Params, NamesOf2004AreTakenAndTodaysNamesAreTold) {
  LogCapture::expect(
      "/test/main.cf, line 1: the name of parameter session_cache_ttl_limit is "
      "connection_cache_ttl_limit today");
  const Config config = parse("session_cache_ttl_limit = 7s\n");
  EXPECT_EQ(load_params(config, "scache").connection_cache_ttl_limit, 7s);
  EXPECT_EQ(LogCapture::lines().size(), 1U);
  EXPECT_EQ(*config.value("connection_cache_ttl_limit"), "7s");
}

TEST(Params, TodaysNameWinsOverThatOf2004) {
  LogCapture::expect("session_cache_service is connection_cache_service_name today");
  const Config config = parse("session_cache_service = old\nconnection_cache_service_name = new\n");
  EXPECT_EQ(load_params(config, "smtp").connection_cache_service_name, "new");
}

TEST(Params, ABadValueUnderAnOldNameIsFoundThere) {
  LogCapture::expect("session_cache_ttl_limit is connection_cache_ttl_limit today");
  LogCapture::expect("/test/main.cf, line 1: connection_cache_ttl_limit = 0: must be");
  EXPECT_EQ(try_load_params(parse("session_cache_ttl_limit = 0"), "scache").error().what,
            "invalid connection_cache_ttl_limit: 0 (min 1)");
}

TEST(Params, NamesMadeAtRunTimeFallBackToTheGeneralValue) {
  const Config config = parse(
      "relay_destination_concurrency_limit = 7\n"
      "slow_destination_rate_delay = 2m\n");
  EXPECT_EQ(read_int(config, "relay_destination_concurrency_limit", 20), 7);
  EXPECT_EQ(read_int(config, "other_destination_concurrency_limit", 20), 20);
  EXPECT_EQ(read_time(config, "slow_destination_rate_delay", 0s), 120s);
  EXPECT_EQ(read_str(config, "x_positive_feedback", "1"), "1");
  // A row of its own in the table.
  EXPECT_EQ(read_int(config, "local_destination_concurrency_limit", 20), 2);
}

TEST(Params, NamesMadeAtRunTimeAreCheckedToo) {
  LogCapture::expect("/test/main.cf, line 1: x_limit = 0: must be a whole number, at least 1");
  EXPECT_EQ(try_read_int(parse("x_limit = 0"), "x_limit", 5, {.min = 1}).error().what,
            "invalid x_limit parameter value 0 < 1");
  LogCapture::expect("/test/main.cf, line 1: x = maybe: must be yes or no");
  EXPECT_EQ(try_read_bool(parse("x = maybe"), "x", true).error().what,
            "bad boolean configuration: x = maybe");
}

TEST(ParamTable, IsSane) {
  for (const ParamSpec& spec : all_params()) {
    SCOPED_TRACE(std::string(spec.name));
    EXPECT_FALSE(spec.readers.empty());
    EXPECT_FALSE(spec.since.empty());
    EXPECT_EQ(find_param(spec.name), &spec);
    if (spec.min != kAny && spec.max != kAny) {
      EXPECT_LE(spec.min, spec.max);
    }
  }
  EXPECT_EQ(find_param("nosuch"), nullptr);
}

TEST(ParamTable, EveryFormerNameHasASuccessor) {
  for (const FormerName& renamed : all_former_names()) {
    EXPECT_EQ(find_param(renamed.former), nullptr);
    EXPECT_NE(find_param(renamed.name), nullptr);
  }
}

TEST(ParamTable, EveryDefaultIsAcceptable) {
  const Config config = parse("myhostname = mx.example");
  for (const ParamSpec& spec : all_params())
    for (const char* program : {"smtp", "lmtp", "scache", "qmgr", "trivial-rewrite", "bounce",
                                "postdrop", "pickup", "postlogd", "master", "showq", "tlsproxy"})
      if (spec.read_by(program)) {
        const auto params = try_load_params(config, program);
        ASSERT_TRUE(params) << params.error().what;
        break;
      }
}

TEST(ParamValues, NumbersAreWholeAndInRange) {
  EXPECT_EQ(*parse_int("n", "+5", {}), 5);
  EXPECT_EQ(*parse_int("n", " 010", {}), 10);
  EXPECT_EQ(*parse_int("n", "-5", {}), -5);
  EXPECT_EQ(*parse_long("n", "99999999999", {}), 99999999999);
  for (const char* text : {"", "5 ", "0x10", "+", "5 6", "12x", "99999999999"})
    EXPECT_EQ(parse_int("n", text, {}).error().what,
              "bad numerical configuration: n = " + std::string(text));
  EXPECT_EQ(parse_int("n", "0", {.min = 1}).error().what, "invalid n parameter value 0 < 1");
  EXPECT_EQ(parse_int("n", "9", {.max = 6}).error().what, "invalid n parameter value 9 > 6");
}

TEST(ParamValues, TimesAreReadTheWayTheyAlwaysWere) {
  const auto seconds = [](std::string_view text) {
    return parse_time("t", text, 'h', {})->count();
  };
  EXPECT_EQ(seconds("4"), 4 * 3600);
  EXPECT_EQ(seconds("5s"), 5);
  EXPECT_EQ(seconds(" +5m"), 300);
  EXPECT_EQ(seconds("10seconds"), 10);
  EXPECT_EQ(seconds("1h30"), 3600);
  EXPECT_EQ(seconds("2d"), 2 * 86400);
  EXPECT_EQ(seconds("s"), 0);
  EXPECT_EQ(seconds("-0s"), 0);
  EXPECT_EQ(seconds("3549w"), 3549LL * 604800);
  EXPECT_EQ(seconds("2147483647s"), 2147483647);
}

TEST(ParamValues, TimesThatAreNone) {
  for (const char* text : {"", " ", " s", "+s", "-5s", "5 s", "5S", "5x", "--5s", "1.5s", "3550w",
                           "2147483648s", "35791394m", "99999999999999999999s"})
    EXPECT_EQ(parse_time("t", text, 's', {}).error().what,
              "parameter t: bad time value or unit: " + std::string(text));
  EXPECT_EQ(parse_time("t", "0", 's', {.min = 1}).error().what, "invalid t: 0 (min 1)");
  EXPECT_EQ(parse_time("t", "11", 's', {.max = 10}).error().what, "invalid t: 11 (max 10)");
}

TEST(ParamValues, SwitchesAreYesOrNo) {
  EXPECT_TRUE(*parse_bool("b", "YES"));
  EXPECT_FALSE(*parse_bool("b", "no"));
  for (const char* text : {"", "true", "1", "yes ", " yes", "on"})
    EXPECT_EQ(parse_bool("b", text).error().what,
              "bad boolean configuration: b = " + std::string(text));
}

TEST(ParamValues, TextsHaveALength) {
  EXPECT_TRUE(check_str("s", "ab", {.min = 1, .max = 2}));
  EXPECT_EQ(check_str("s", "", {.min = 1}).error().what, "bad string length 0 < 1: s = ");
  EXPECT_EQ(check_str("s", "abc", {.max = 2}).error().what, "bad string length 3 > 2: s = abc");
  EXPECT_EQ(check_raw("s", "", {.min = 1}).error().what, "bad string length (0 < 1): s = ");
}

}  // namespace
}  // namespace handoff::global
