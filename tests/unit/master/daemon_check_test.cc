#include "master/daemon_check.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::master {
namespace {

using test::LogCapture;

Setup setup_from(std::string_view main_cf, std::string_view master_cf) {
  auto config = global::Config::from_text(
      main_cf,
      {.directory = "/test", .process_name = "master", .service_name = "master", .overrides = {}});
  Setup setup{*std::move(config), {}, {}, {}, {}};
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
  EXPECT_EQ(error_after("smtp_connect_timeout = 5x\n", "x unix - - n - - pickup\n"), "");
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

TEST(DaemonCheck, WhatWasWrongBeforeIsNoReasonToStay) {
  EXPECT_EQ(
      error_after("# more\nsmtp_connect_timeout = 5x\n", kSmtp, "smtp_connect_timeout = 5x", kSmtp),
      "");
}

}  // namespace
}  // namespace handoff::master
