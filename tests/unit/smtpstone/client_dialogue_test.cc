#include "smtpstone/client_dialogue.h"

#include <gtest/gtest.h>

#include <string>

namespace handoff::smtpstone {
namespace {

const OutgoingMessage kMessage{"a@b", {"1c@d", "2c@d"}, "S: x\r\n\r\nhi\r\n"};

class ClientDialogueTest : public testing::Test {
 protected:
  // From the greeting to the first message.
  void begin() {
    EXPECT_EQ(dialogue.receive("220 hi\r\n"), "HELO me\r\n");
    EXPECT_EQ(dialogue.receive("250-hi\r\n250 there\r\n"), "");
    ASSERT_TRUE(dialogue.idle());
    EXPECT_EQ(dialogue.begin(kMessage), "MAIL FROM:<a@b>\r\n");
  }

  ClientDialogue::Manners manners{.host = "me"};
  ClientDialogue dialogue{manners};
};

TEST_F(ClientDialogueTest, SendsAMessageCommandByCommand) {
  begin();
  EXPECT_EQ(dialogue.receive("250 ok\r\n"), "RCPT TO:<1c@d>\r\n");
  EXPECT_EQ(dialogue.receive("250 o"), "");
  EXPECT_EQ(dialogue.receive("k\r\n"), "RCPT TO:<2c@d>\r\n");
  EXPECT_EQ(dialogue.receive("250 ok\r\n"), "DATA\r\n");
  EXPECT_EQ(dialogue.receive("354 go\r\n"), "S: x\r\n\r\nhi\r\n.\r\n");
  EXPECT_EQ(dialogue.receive("250 ok\r\n"), "");
  EXPECT_EQ(dialogue.finished(), 1);
  ASSERT_TRUE(dialogue.idle());
  EXPECT_EQ(dialogue.quit(), "QUIT\r\n");
  EXPECT_EQ(dialogue.receive("221 bye\r\n"), "");
  EXPECT_TRUE(dialogue.over());
  EXPECT_FALSE(dialogue.failure());
}

TEST_F(ClientDialogueTest, WaitsForAReplyForEachLmtpRecipient) {
  manners.lmtp = true;
  EXPECT_EQ(dialogue.receive("220 hi\r\n"), "LHLO me\r\n");
  dialogue.receive("250 hi\r\n");
  dialogue.begin(kMessage);
  dialogue.receive("250 ok\r\n");
  dialogue.receive("250 ok\r\n");
  dialogue.receive("250 ok\r\n");
  dialogue.receive("354 go\r\n");
  dialogue.receive("250 ok\r\n");
  EXPECT_EQ(dialogue.finished(), 0);
  dialogue.receive("250 ok\r\n");
  EXPECT_EQ(dialogue.finished(), 1);
}

TEST_F(ClientDialogueTest, SaysNoHelloInOldMode) {
  manners.say_hello = false;
  EXPECT_EQ(dialogue.receive("220 hi\r\n"), "");
  EXPECT_TRUE(dialogue.idle());
}

TEST_F(ClientDialogueTest, GivesUpAtARefusal) {
  begin();
  EXPECT_EQ(dialogue.receive("550 5.1.0 no\r\n"), "");
  EXPECT_EQ(dialogue.failure(), "sender rejected: 550 5.1.0 no");
}

TEST_F(ClientDialogueTest, GivesUpTheMessageOnlyWhenToldTo) {
  manners.go_on_after_refusal = true;
  begin();
  EXPECT_EQ(dialogue.receive("550 no\r\n"), "RSET\r\n");
  EXPECT_EQ(dialogue.receive("250 ok\r\n"), "");
  EXPECT_TRUE(dialogue.idle());
  EXPECT_EQ(dialogue.finished(), 1);
  dialogue.begin(kMessage);
  dialogue.receive("250 ok\r\n");
  EXPECT_EQ(dialogue.receive("450 no\r\n"), "RCPT TO:<2c@d>\r\n");
  EXPECT_EQ(dialogue.receive("450 no\r\n"), "RSET\r\n");
  EXPECT_EQ(dialogue.finished(), 2);
  EXPECT_EQ(dialogue.receive("421 bye\r\n"), "") << "whatever the answer to RSET";
}

TEST_F(ClientDialogueTest, DoesNotTalkToAServerThatIsLeaving) {
  manners.go_on_after_refusal = true;
  begin();
  dialogue.receive("421 bye\r\n");
  EXPECT_TRUE(dialogue.failure());
}

TEST_F(ClientDialogueTest, ComplainsAboutWhatIsNoReply) {
  EXPECT_EQ(dialogue.receive("HTTP/1.1 400\r\n"), "");
  EXPECT_EQ(dialogue.failure(), "bad reply: HTTP/1.1 400");
}

TEST_F(ClientDialogueTest, DoesNotWaitForeverForTheEndOfAReply) {
  dialogue.receive(std::string(70000, '2'));
  EXPECT_EQ(dialogue.failure(), "reply too long");
}

}  // namespace
}  // namespace handoff::smtpstone
