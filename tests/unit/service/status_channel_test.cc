#include "service/status_channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <tuple>
#include <vector>

#include "support/sockets.h"

namespace handoff::service {
namespace {

namespace proto = global::master_proto;
using Detail = StatusChannel::Detail;

class StatusChannelTest : public ::testing::Test {
 protected:
  void SetUp() override { std::tie(master, daemon) = test::socket_pair(); }

  std::vector<proto::StatusRecord> arrived() {
    std::vector<proto::StatusRecord> records;
    char bytes[12];
    while (recv(master.get(), bytes, sizeof bytes, MSG_DONTWAIT) == sizeof bytes) {
      records.push_back(*proto::decode(bytes));
    }
    return records;
  }

  util::UniqueFd master;
  util::UniqueFd daemon;
};

TEST_F(StatusChannelTest, WritesTwelveBytesForEachChange) {
  StatusChannel channel(std::move(daemon), 31249, 8, Detail::EveryRequest);
  channel.taken();
  char bytes[100];
  ASSERT_EQ(recv(master.get(), bytes, sizeof bytes, MSG_DONTWAIT), 12);
  EXPECT_EQ(std::string(bytes, 12), std::string("\x11\x7a\0\0\x08\0\0\0\0\0\0\0", 12));
  EXPECT_TRUE(channel.available());
  EXPECT_EQ(arrived(), (std::vector<proto::StatusRecord>{{31249, 8, 1}}));
}

TEST_F(StatusChannelTest, ReportsOnlyTheFirstRequestOfTheOnlyProcess) {
  StatusChannel channel(std::move(daemon), 7, 1, Detail::FirstRequest);
  channel.taken();
  EXPECT_TRUE(arrived().empty());  // a crash now must count as a failed start
  EXPECT_TRUE(channel.available());
  EXPECT_EQ(arrived(), (std::vector<proto::StatusRecord>{{7, 1, 0}, {7, 1, 1}}));
  channel.taken();
  EXPECT_TRUE(channel.available());
  EXPECT_TRUE(arrived().empty());
}

TEST_F(StatusChannelTest, NoticesThatMasterIsGone) {
  StatusChannel channel(std::move(daemon), 7, 1, Detail::EveryRequest);
  master.reset();
  channel.taken();  // the client is served nevertheless
  EXPECT_FALSE(channel.available());
}

TEST_F(StatusChannelTest, IsSilentAfterRetirement) {
  StatusChannel channel(std::move(daemon), 7, 1, Detail::EveryRequest);
  channel.retire();
  channel.taken();
  EXPECT_TRUE(channel.available());
  char byte;
  EXPECT_EQ(recv(master.get(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST(Generation, IsOctal) {
  EXPECT_EQ(parse_generation("13"), 11U);
  EXPECT_EQ(parse_generation("0"), 0U);
  EXPECT_EQ(parse_generation("9x"), std::nullopt);
  EXPECT_EQ(parse_generation("18"), std::nullopt);
  EXPECT_EQ(parse_generation(""), std::nullopt);
  EXPECT_EQ(parse_generation("-1"), std::nullopt);
  EXPECT_EQ(parse_generation("77777777777777"), std::nullopt);
}

}  // namespace
}  // namespace handoff::service
