#include "smtp/conversation.h"

#include <gtest/gtest.h>

#include "smtp/script.h"
#include "smtp/small_dialogues.h"
#include "support/log.h"
#include "support/sockets.h"

namespace handoff::smtp {
namespace {

using namespace std::chrono_literals;

class ConversationTest : public testing::Test {
 protected:
  ConversationTest() : ConversationTest(test::socket_pair()) {}
  explicit ConversationTest(std::pair<util::UniqueFd, util::UniqueFd> pair)
      : server(std::move(pair.first)), stream(std::move(pair.second), "mx", 1s) {
    session.server = {"mx", "mx", "192.0.2.1", 25};
    session.life = SessionLife::until(2'000'000'000);
  }
  bool probe() {
    RsetProbe dialogue(session, params);
    conversation.run(dialogue, [](const auto&) {});
    return dialogue.succeeded();
  }

  SessionState session;
  util::UniqueFd server;
  util::Stream stream;
  global::Params params = test::smtp_params("smtp_rset_timeout = 1s\n");
  Conversation conversation{stream, session.server, params};
};

TEST_F(ConversationTest, AsksAndReads) {
  test::send_text(server, "250-one\n250-two\r\n250 three\r\r\n");
  EXPECT_TRUE(probe());
  EXPECT_EQ(test::received_text(server), "RSET\r\n");
  EXPECT_TRUE(conversation.quiet());
}

TEST_F(ConversationTest, NoticesThatTheServerHungUp) {
  test::send_text(server, "250 half a line");
  server.reset();
  EXPECT_FALSE(probe());
  EXPECT_FALSE(conversation.quiet());
}

TEST_F(ConversationTest, NoticesWhatNobodyAskedFor) {
  test::send_text(server, "250 ok\r\n421 bye\r\n");
  EXPECT_TRUE(probe());
  EXPECT_FALSE(conversation.quiet());
}

TEST_F(ConversationTest, KeepsNoMoreOfALineThanItNeeds) {
  test::LogCapture::expect(
      "mx[192.0.2.1]:25: response longer than 2048: 250 xxxxxxxxxxxxxxxxxxxxxxxxxx...");
  test::send_text(server, "250 " + std::string(30000, 'x') + "\r\n");
  EXPECT_TRUE(probe());
  EXPECT_TRUE(conversation.quiet());
}

}  // namespace
}  // namespace handoff::smtp
