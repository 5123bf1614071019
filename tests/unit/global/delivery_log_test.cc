#include "global/delivery_log.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace handoff::global {
namespace {

constexpr TimeStamp kArrival{1'700'000'000, 250'000};

TimeStamp later(double seconds) {
  auto microseconds = static_cast<std::int64_t>(seconds * 1e6 + 0.5) + kArrival.microseconds;
  return {kArrival.seconds + microseconds / 1'000'000, microseconds % 1'000'000};
}

// One delivery that took so long, seen from the log.
std::string delay(double seconds, int digits = 2) {
  MsgStats stats;
  stats.incoming_arrival = kArrival;
  const std::string text = format_delays(stats, later(seconds), digits);
  return text.substr(6, text.find(',') - 6);
}

// As the stock logger prints them (spec/queue-and-delivery.md 4.4).
TEST(DelayTest, HasTwoSignificantDigitsBelowTenSeconds) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0"},        {0.0049, "0"},    {0.005, "0.01"}, {0.01, "0.01"},  {0.094, "0.09"},
      {0.095, "0.1"},  {0.1, "0.1"},     {0.104, "0.1"},  {0.105, "0.11"}, {0.5, "0.5"},
      {0.994, "0.99"}, {0.995, "1"},     {1, "1"},        {1.04, "1"},     {1.06, "1.1"},
      {1.95, "2"},     {5.55, "5.6"},    {9.94, "9.9"},   {9.95, "10"},    {9.99, "10"},
      {10.4, "10"},    {10.5, "11"},     {59.4, "59"},    {99.4, "99"},    {99.5, "100"},
      {123.6, "124"},  {3600.2, "3600"}, {86400, "86400"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(delay(seconds), text) << seconds;
}

TEST(DelayTest, FollowsTheResolutionLimit) {
  EXPECT_EQ(delay(0.4, 0), "0");
  EXPECT_EQ(delay(0.6, 0), "1");
  EXPECT_EQ(delay(0.44, 1), "0.4");
  EXPECT_EQ(delay(0.000123, 6), "0.00012");
  EXPECT_EQ(delay(0.123456, 6), "0.12");
  EXPECT_EQ(delay(0.0123456, 4), "0.012");
}

TEST(DelayTest, TellsWhereTheTimeWentBy) {
  MsgStats stats;
  stats.incoming_arrival = kArrival;
  stats.active_arrival = later(1);
  stats.agent_handoff = later(3);
  stats.connection_setup_done = later(6);
  stats.delivery_done = later(10);
  EXPECT_EQ(format_delays(stats, later(99), 2), "delay=10, delays=1/2/3/4");
  stats.delivery_done = {};
  EXPECT_EQ(format_delays(stats, later(12), 2), "delay=12, delays=1/2/3/6");
  stats.connection_setup_done = {};
  EXPECT_EQ(format_delays(stats, later(12), 2), "delay=12, delays=1/2/0/9");
  stats.agent_handoff = {};
  EXPECT_EQ(format_delays(stats, later(12), 2), "delay=12, delays=1/11/0/0");
  stats.active_arrival = {};
  EXPECT_EQ(format_delays(stats, later(12), 2), "delay=12, delays=12/0/0/0");
}

TEST(DelayTest, TakesAClockThatWentBackwardsForNoTime) {
  MsgStats stats;
  stats.incoming_arrival = later(100);
  stats.active_arrival = later(50);
  EXPECT_EQ(format_delays(stats, later(40), 2), "delay=0, delays=0/0/0/0");
}

class DeliveryLogTest : public testing::Test {
 protected:
  DeliveryLogTest() { stats.incoming_arrival = kArrival; }
  std::string line(DeliveryLogFormat format = {}) const {
    return format_delivery({.queue_id = "6E1C4A84922",
                            .recipient = recipient,
                            .relay = relay,
                            .stats = stats,
                            .status_code = "2.0.0",
                            .word = "sent",
                            .reason = "250 2.0.0 Ok"},
                           kArrival, format);
  }

  Recipient recipient{"a@example.com", "a@example.com", 1, "", 0};
  std::string relay = "127.0.0.1[127.0.0.1]:18026";
  MsgStats stats;
};

TEST_F(DeliveryLogTest, IsTheLineOfStock) {
  EXPECT_EQ(line(),
            "6E1C4A84922: to=<a@example.com>, relay=127.0.0.1[127.0.0.1]:18026, delay=0, "
            "delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)");
}

TEST_F(DeliveryLogTest, CountsTheUsesOfAConnection) {
  stats.reuse_count = 1;
  EXPECT_NE(line().find(":18026, conn_use=2, delay=0"), std::string::npos);
}

TEST_F(DeliveryLogTest, NamesAnOriginalRecipientThatDiffers) {
  recipient.original = "A@Example.COM";
  EXPECT_EQ(line().find("orig_to"), std::string::npos);
  recipient.original = "alias@example.com";
  EXPECT_NE(line().find("to=<a@example.com>, orig_to=<alias@example.com>, relay="),
            std::string::npos);
}

TEST_F(DeliveryLogTest, QuotesAddressesUnlessToldOtherwise) {
  recipient.address = "Quoted Name@example.com";
  recipient.original = "";
  EXPECT_NE(line().find("to=<\"Quoted Name\"@example.com>"), std::string::npos);
  EXPECT_NE(line({.delay_digits = 2, .addresses = AddressForm::Internal})
                .find("<Quoted Name@example.com>"),
            std::string::npos);
}

}  // namespace
}  // namespace handoff::global
