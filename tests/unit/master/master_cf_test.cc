#include "master/master_cf.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::master {
namespace {

using namespace std::chrono_literals;
using test::LogCapture;

util::Result<std::vector<Entry>> parse(std::string_view text, const EntryDefaults& defaults = {}) {
  return parse_master_cf(text, "/etc/postfix/master.cf", defaults);
}

// The error without the place, which is checked here; the warning before it must name `allowed`.
std::string error_of(std::string_view line, const std::string& allowed) {
  LogCapture::expect("/etc/postfix/master.cf, line 1: " + allowed);
  const auto entries = parse(line);
  if (entries) return "";
  const std::string place = "/etc/postfix/master.cf: line 1: ";
  EXPECT_TRUE(entries.error().what.starts_with(place)) << entries.error().what;
  EXPECT_TRUE(LogCapture::contains(allowed));
  return entries.error().what.substr(place.size());
}

TEST(MasterCf, ReadsAnEntryWithItsDefaults) {
  const auto entries = parse("scache unix - - - - 1 scache\n");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front(), (Entry{.line = 1,
                                     .name = "scache",
                                     .type = ServiceType::Unix,
                                     .is_private = true,
                                     .unprivileged = true,
                                     .chroot = false,
                                     .wakeup = 0s,
                                     .wakeup_only_if_used = false,
                                     .process_limit = 1,
                                     .command = "scache",
                                     .arguments = {}}));
}

TEST(MasterCf, ReadsExplicitValuesAndArguments) {
  const auto entries = parse("# comment\nsmtp inet n n y 5? 0 smtpd\n  -o { a = b } # x\n");
  ASSERT_TRUE(entries);
  const Entry& entry = entries->front();
  EXPECT_EQ(entry.line, 2);
  EXPECT_EQ(entry.type, ServiceType::Inet);
  EXPECT_FALSE(entry.is_private);
  EXPECT_FALSE(entry.unprivileged);
  EXPECT_TRUE(entry.chroot);
  EXPECT_EQ(entry.wakeup, 5s);
  EXPECT_TRUE(entry.wakeup_only_if_used);
  EXPECT_EQ(entry.process_limit, 0);
  EXPECT_EQ(entry.arguments, (std::vector<std::string>{"-o", "a = b", "#", "x"}));
}

TEST(MasterCf, TakesNumbersAsFarAsTheyGo) {
  const auto entries = parse("x unix - - - 5?x 3x cmd\ny unix - - - 0? 2? cmd\n");
  ASSERT_TRUE(entries);
  EXPECT_EQ((*entries)[0].wakeup, 5s);
  EXPECT_FALSE((*entries)[0].wakeup_only_if_used);
  EXPECT_EQ((*entries)[0].process_limit, 3);
  EXPECT_EQ((*entries)[1].wakeup, 0s);
  EXPECT_EQ((*entries)[1].process_limit, 2);
}

TEST(MasterCf, JailsInCompatibilityModeAndSaysSo) {
  const auto entries = parse("x unix - - - - - cmd\ny unix - - n - - cmd\n", {.chroot = true});
  ASSERT_TRUE(entries);
  EXPECT_TRUE((*entries)[0].chroot);
  EXPECT_FALSE((*entries)[1].chroot);
  EXPECT_TRUE(LogCapture::contains(
      "/etc/postfix/master.cf: line 1: using backwards-compatible default setting chroot=y"));
}

TEST(MasterCf, NamesMissingFields) {
  const std::string fields = "an entry is: service type";
  EXPECT_EQ(error_of("x", fields), "missing \"transport type\" field");
  EXPECT_EQ(error_of("x unix", fields), "missing \"private\" field");
  EXPECT_EQ(error_of("x unix -", fields), "missing \"unprivileged\" field");
  EXPECT_EQ(error_of("x unix - -", fields), "missing \"chroot\" field");
  EXPECT_EQ(error_of("x unix - - -", fields), "missing \"wakeup_time\" field");
  EXPECT_EQ(error_of("x unix - - - -", fields), "missing \"max_proc\" field");
  EXPECT_EQ(error_of("x unix - - - - -", fields), "missing \"command\" field");
}

TEST(MasterCf, RefusesBadValues) {
  EXPECT_EQ(error_of("x tcp - - - - - c", "type is inet"), "bad transport type: tcp");
  EXPECT_EQ(error_of("x UNIX - - - - - c", "type is inet"), "bad transport type: UNIX");
  EXPECT_EQ(error_of("x - - - - - - c", "type is inet"),
            "field \"transport type\" has no default value");
  EXPECT_EQ(error_of("x unix x - - - - c", "private is y, n or -"),
            "field \"private\": bad value: \"x\"");
  EXPECT_EQ(error_of("x inet y - - - - c", "private is n"), "inet service cannot be private");
  EXPECT_EQ(error_of("x inet - - - - - c", "private is n"), "inet service cannot be private");
  EXPECT_EQ(error_of("x unix - - - ?5 - c", "wakeup is a number"),
            "field \"wakeup_time\": bad value: \"?5\"");
  EXPECT_EQ(error_of("x unix - - - - 99999999999 c", "maxproc is a number"),
            "field \"max_proc\": bad value: \"99999999999\"");
  EXPECT_EQ(error_of("x unix - - - - - -", "command is the name"),
            "field \"command\" has no default value");
  EXPECT_EQ(error_of("x unix - - - - - c {a}b", "an argument that begins"),
            "syntax error after '}' in \"{a}b\"");
  EXPECT_EQ(error_of("x unix - - - - - c -o { a = b", "an argument that begins"),
            "missing '}' in \"{ a = b\"");
}

TEST(MasterCf, LeavesDisabledEntriesOutUnread) {
  const auto entries = parse("smtp inet bad\nx unix - - - - - c\n", {.disabled = {"inet"}});
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 1U);
}

TEST(DisabledServices, FirstMatchCounts) {
  EXPECT_TRUE(is_disabled("smtp", "inet", {"inet"}));
  EXPECT_TRUE(is_disabled("smtp", "inet", {"SMTP/INET"}));
  EXPECT_TRUE(is_disabled("smtp", "inet", {"smtp.inet"}));
  EXPECT_FALSE(is_disabled("smtp", "unix", {"smtp/inet"}));
  EXPECT_FALSE(is_disabled("smtp", "inet", {"!smtp/inet", "inet"}));
  EXPECT_TRUE(is_disabled("25", "inet", {"!smtp/inet", "inet"}));
  EXPECT_TRUE(is_disabled("1.2.3.4:25", "inet", {"1.2.3.4:25/inet"}));
  EXPECT_FALSE(is_disabled("smtp", "inet", {}));
}

}  // namespace
}  // namespace handoff::master
