#include "global/msg_stats.h"

#include <gtest/gtest.h>

#include "util/text.h"

namespace handoff::global {
namespace {

// As a stock qmgr sent it (spec/queue-and-delivery.md 2.6).
TEST(MsgStatsTest, ReadsTheBytesOfAStockQueueManager) {
  std::string text = "aQQCawAAAACS3gwAAAAAAGkEAmsAAAAAe+IMAAAAAAAA" + std::string(74, 'A') + "==";
  ASSERT_EQ(text.size(), 120U);
  auto stats = MsgStats::from_bytes(*util::base64_decode(text));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->incoming_arrival, (TimeStamp{1795294313, 843410}));
  EXPECT_EQ(stats->active_arrival, (TimeStamp{1795294313, 844411}));
  EXPECT_FALSE(stats->agent_handoff);
  EXPECT_EQ(stats->reuse_count, 0);
  EXPECT_EQ(util::base64_encode(stats->to_bytes()), text);
}

TEST(MsgStatsTest, RefusesAnotherSize) {
  EXPECT_FALSE(MsgStats::from_bytes(""));
  EXPECT_FALSE(MsgStats::from_bytes(std::string(87, '\0')));
  EXPECT_FALSE(MsgStats::from_bytes(std::string(89, '\0')));
}

}  // namespace
}  // namespace handoff::global
