#include "master/daemon_check.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/files.h"
#include "support/log.h"

namespace handoff::master {
namespace {

using test::LogCapture;

// Accounts that every Debian has; at the end, for the sake of line numbers.
constexpr const char* kInstallation = R"(
myhostname = mail.handoff.test
mail_owner = uucp
setgid_group = news
default_privs = nobody
)";

// Where the daemons are that the tests know of.
std::string daemon_directory() {
  static const test::TemporaryDirectory directory;
  for (const char* name : {"smtp", "qmgr", "pickup", "scache", "cleanup", "stranger"}) {
    directory.write(name, "");
    (void)chmod(directory.path(name).c_str(), 0755);
  }
  directory.write("text", "");
  return directory.path();
}

Setup setup_from(std::string_view main_cf, std::string_view master_cf) {
  auto config = global::Config::from_text(
      std::string(main_cf) + kInstallation,
      {.directory = "/test", .process_name = "master", .service_name = "master", .overrides = {}});
  Setup setup{
      .config = *std::move(config), .params = {}, .owner = {}, .services = {}, .main_cf = {}};
  setup.params.daemon_directory = daemon_directory();
  auto entries = parse_master_cf(master_cf, "/test/master.cf", {});
  for (Entry& entry : *entries) {
    auto endpoint = endpoint_of(entry, "/test/master.cf", {});
    setup.services.push_back({std::move(entry), *std::move(endpoint)});
  }
  return setup;
}

// The error after a change from one pair of files to another; empty when there is none.
std::string error_after(std::string_view main_cf, std::string_view master_cf,
                        std::string_view old_main_cf = "", std::string_view old_master_cf = "") {
  const auto checked =
      check_daemons(setup_from(main_cf, master_cf), setup_from(old_main_cf, old_master_cf));
  return checked ? "" : checked.error().what;
}

constexpr const char* kSmtp = "smtp unix - - n - - smtp\n";

TEST(DaemonCheck, FindsABadValueForADaemonAndItsPlace) {
  LogCapture::expect("/test/main.cf, line 2: smtp_connect_timeout = 5x: must be a number");
  EXPECT_EQ(error_after("# first\nsmtp_connect_timeout = 5x\n", kSmtp),
            "parameter smtp_connect_timeout: bad time value or unit: 5x");
  EXPECT_TRUE(LogCapture::contains("/test/main.cf, line 2: smtp_connect_timeout"));
}

TEST(DaemonCheck, DoesNotCareForParametersThatNobodyReads) {
  EXPECT_EQ(error_after("smtp_connect_timeout = 5x\n", "x unix - - n - 1 stranger\n"), "");
  EXPECT_EQ(error_after("smtp_connect_timeout = 5x\n", "x unix - - n - - stranger -Q\n"), "");
}

TEST(DaemonCheck, AnOverrideMakesItGood) {
  EXPECT_EQ(error_after("smtp_connect_timeout = 5x\n",
                        "smtp unix - - n - - smtp -o smtp_connect_timeout=5\n"),
            "");
}

TEST(DaemonCheck, OrBad) {
  LogCapture::expect("command line: smtp_connect_timeout = 5x");
  EXPECT_EQ(error_after("", std::string(kSmtp) + "slow unix - - n - - smtp\n"
                                                 "  -o { smtp_connect_timeout = 5x }\n"),
            "/test/master.cf: line 2: parameter smtp_connect_timeout: bad time value or unit: 5x");
}

TEST(DaemonCheck, LooksAtOptionsWithTheDaemonsEyes) {
  EXPECT_EQ(error_after("", "smtp unix - - n - - smtp -Q\n"),
            "/test/master.cf: line 1: invalid option: Q");
  EXPECT_EQ(error_after("", "smtp unix - - n - - smtp -o nonsense\n"),
            "/test/master.cf: line 1: invalid \"-o nonsense\" option value: missing '=' after "
            "attribute name");
}

TEST(DaemonCheck, TransportsHaveParametersOfTheirOwn) {
  LogCapture::expect("/test/main.cf, line 1: slow_destination_rate_delay = 1y: must be");
  EXPECT_EQ(error_after("slow_destination_rate_delay = 1y\n", "slow unix - - n - - smtp\n"),
            "parameter slow_destination_rate_delay: bad time value or unit: 1y");
  EXPECT_EQ(error_after("slow_destination_rate_delay = 1y\n", kSmtp), "");
}

TEST(DaemonCheck, EveryCommandMustBeThere) {
  const std::string directory = daemon_directory();
  EXPECT_EQ(error_after("", "smtp unix - - n - - smtpp\n"),
            "/test/master.cf: line 1: " + directory + "/smtpp: No such file or directory");
  EXPECT_EQ(error_after("", "smtp unix - - n - - text\n"),
            "/test/master.cf: line 1: " + directory + "/text: Permission denied");
  EXPECT_EQ(error_after("", "smtp unix - - n - - .\n"),
            "/test/master.cf: line 1: " + directory + "/.: not a regular file");
}

TEST(DaemonCheck, ProgramsHaveNeeds) {
  const auto refusal = [](const std::string& entry) { return error_after("", entry + "\n"); };
  const std::string place = "/test/master.cf: line 1: ";
  EXPECT_EQ(refusal("qmgr unix n - n 300 1 qmgr"), "");
  EXPECT_EQ(refusal("qmgr unix n - n 300 - qmgr"),
            place + "service qmgr requires a process limit of 1");
  EXPECT_EQ(refusal("cache unix - - n - 2 scache"),
            place + "service cache requires a process limit of 1");
  EXPECT_EQ(refusal("cleanup unix n - n - 5 cleanup"),
            place + "service cleanup requires a process limit of 0");
  EXPECT_EQ(refusal("smtp unix - - n - - smtp extra"),
            place + "unexpected command-line argument: extra");
  EXPECT_EQ(refusal("smtp fifo - - n - - smtp"), place + "unsupported transport type: fifo");
  EXPECT_EQ(refusal("qmgr unix n - n 300 1 qmgr -r 10"), place + "invalid option: r");
}

TEST(DaemonCheck, LooksAtWhatEveryDaemonChecksFirst) {
  const std::string place = "/test/master.cf: line 1: ";
  LogCapture::expect("command line: syslog_facility = bogus: must be mail, daemon");
  EXPECT_EQ(error_after("", "smtp unix - - n - - smtp -o syslog_facility=bogus\n"),
            place + "file /test/main.cf: parameter syslog_facility: unrecognized value: bogus");
  LogCapture::expect("command line: maillog_file = /etc/passwd: must begin with one of");
  EXPECT_NE(error_after("", "smtp unix - - n - - smtp -o maillog_file=/etc/passwd\n"), "");
  LogCapture::expect("command line: myhostname = -bad");
  LogCapture::expect("valid_hostname: misplaced hyphen: -bad");
  EXPECT_NE(error_after("", "smtp unix - - n - - smtp -o myhostname=-bad\n"), "");
}

TEST(DaemonCheck, TheDirectoryOfAllIsNamedOnce) {
  auto setup = setup_from("daemon_directory = /nonexistent\n", kSmtp);
  setup.params.daemon_directory = "/nonexistent";
  LogCapture::expect(
      "/test/main.cf, line 1: daemon_directory = /nonexistent: must be the directory");
  EXPECT_EQ(check_daemons(setup, setup_from("", kSmtp)).error().what,
            "daemon_directory /nonexistent: No such file or directory");
}

TEST(DaemonCheck, WhatWasWrongBeforeIsNoReasonToStay) {
  EXPECT_EQ(
      error_after("# more\nsmtp_connect_timeout = 5x\n", kSmtp, "smtp_connect_timeout = 5x", kSmtp),
      "");
}

}  // namespace
}  // namespace handoff::master
