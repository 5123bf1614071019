#include "smtpstone/server_dialogue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/log.h"

namespace handoff::smtpstone {
namespace {

using namespace std::chrono_literals;

struct Stored {
  Envelope envelope;
  std::string text;
};

class MemoryStore final : public MessageStore {
 public:
  util::Result<std::unique_ptr<MessageWriter>> begin(const Envelope& envelope) override {
    ++begun;
    if (broken) return util::Error::system("open", ENOSPC);
    return std::unique_ptr<MessageWriter>(std::make_unique<Writer>(*this, envelope));
  }

  std::vector<Stored> messages;
  int begun = 0;
  bool broken = false;

 private:
  class Writer final : public MessageWriter {
   public:
    Writer(MemoryStore& store, const Envelope& envelope) : store_(store), message_{envelope, {}} {}
    void append(std::string_view text) override { message_.text += text; }
    util::Status commit() override {
      store_.messages.push_back(std::move(message_));
      return {};
    }

   private:
    MemoryStore& store_;
    Stored message_;
  };
};

class ServerDialogueTest : public testing::Test {
 protected:
  // What the server says to these bytes.
  std::string say(std::string_view bytes) {
    steps.clear();
    answered = dialogue().receive(bytes, steps);
    return text();
  }
  std::string greeting() {
    steps.clear();
    dialogue().greet(steps);
    return text();
  }
  // The code of each reply: "250 250 354".
  std::string codes(std::string_view bytes) {
    const std::string replies = say(bytes);
    std::string out;
    for (std::size_t at = 0; at < replies.size(); at = replies.find("\r\n", at) + 2)
      if (replies[at + 3] != '-') out += (out.empty() ? "" : " ") + replies.substr(at, 3);
    return out;
  }
  std::string text() const {
    std::string all;
    for (const Step& step : steps.all()) all += step.text;
    return all;
  }
  [[nodiscard]] bool hung_up() const { return !steps.empty() && steps.all().back().hang_up; }
  ServerDialogue& dialogue() {
    if (!dialogue_)
      dialogue_ = std::make_unique<ServerDialogue>(policy, tally, dice, &store, "192.0.2.1");
    return *dialogue_;
  }

  Policy policy;
  Tally tally;
  int throws = 0;
  int dice_shows = 0;
  ServerDialogue::Dice dice = [this] { return ++throws, dice_shows; };
  MemoryStore store;
  Steps steps;
  std::optional<Command> answered;

 private:
  std::unique_ptr<ServerDialogue> dialogue_;
};

constexpr std::string_view kEnvelope = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";
constexpr std::string_view kMessage = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\n";

TEST_F(ServerDialogueTest, TakesAMessageByteForByte) {
  EXPECT_EQ(greeting(), "220 smtp-sink ESMTP\r\n");
  EXPECT_EQ(say("HELO me\r\n"), "250 smtp-sink\r\n");
  EXPECT_EQ(say("MAIL FROM:<a@b> BODY=8BITMIME\r\n"), "250 2.1.0 Ok\r\n");
  EXPECT_EQ(say("RCPT TO:<c@d>\r\n"), "250 2.1.5 Ok\r\n");
  EXPECT_EQ(say("rcpt to: <e@f>\r\n"), "250 2.1.5 Ok\r\n");
  EXPECT_EQ(say("DATA\r\n"), "354 End data with <CR><LF>.<CR><LF>\r\n");
  EXPECT_EQ(say("S: x\r\n\r\n..\r\n\x80 \r\n"), "");
  EXPECT_EQ(say(".\r\n"), "250 2.0.0 Ok\r\n");
  ASSERT_EQ(store.messages.size(), 1u);
  EXPECT_EQ(store.messages[0].text, "S: x\r\n\r\n.\r\n\x80 \r\n");
  const Envelope expected{"192.0.2.1", "SMTP", "me", "<a@b> BODY=8BITMIME", {"<c@d>", "<e@f>"}};
  EXPECT_EQ(store.messages[0].envelope, expected);
  EXPECT_EQ(tally.messages, 1u);
  EXPECT_EQ(tally.recipients, 2u);
  EXPECT_EQ(tally.bytes_of_text, 15u);
}

TEST_F(ServerDialogueTest, AnnouncesWhatPostfixsSinkDoes) {
  EXPECT_EQ(say("EHLO me\r\n"),
            "250-smtp-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n"
            "250-XCLIENT NAME HELO\r\n250-XFORWARD NAME ADDR PROTO HELO\r\n"
            "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 \r\n");
}

TEST_F(ServerDialogueTest, AnswersPipelinedCommandsInOneStep) {
  EXPECT_EQ(codes("EHLO me\r\n" + std::string(kMessage) + "QUIT\r\n"), "250 250 250 354 250 221");
  EXPECT_EQ(steps.all().size(), 1u);
  EXPECT_TRUE(hung_up());
  EXPECT_EQ(answered, Command::Ehlo);
  EXPECT_EQ(tally.commands[Command::EndOfText], 1u);
  EXPECT_EQ(tally.quits, 1u);
}

TEST_F(ServerDialogueTest, TakesCommandsInPieces) {
  EXPECT_EQ(say("NO"), "");
  EXPECT_FALSE(answered);
  EXPECT_EQ(say("OP\r"), "");
  EXPECT_EQ(say("\nNOOP\n"), "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n");
}

TEST_F(ServerDialogueTest, KeepsTheOrderOfATransaction) {
  EXPECT_EQ(codes("RCPT TO:<x>\r\nDATA\r\n"), "503 503");
  EXPECT_EQ(codes("MAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\n"), "250 503 503");
  EXPECT_EQ(codes("RSET\r\nMAIL FROM:<>\r\n"), "250 250");
  EXPECT_EQ(codes("EHLO x\r\nRCPT TO:<y>\r\n"), "250 503");
}

TEST_F(ServerDialogueTest, AnswersNonsenseAndGoesOn) {
  EXPECT_EQ(codes("FOO\r\n\r\n.\r\nCONNECT\r\nLHLO x\r\nBDAT 0 LAST\r\n"),
            "500 500 500 500 500 500");
  EXPECT_EQ(codes(std::string(100000, 'x')), "");
  EXPECT_EQ(codes(std::string(100000, 'x')), "");
  EXPECT_EQ(codes("\r\nNOOP\r\n"), "500 250");
}

TEST_F(ServerDialogueTest, SpeaksLmtp) {
  policy.lmtp = true;
  EXPECT_EQ(codes("EHLO me\r\nLHLO me\r\n"), "500 250");
  EXPECT_EQ(codes("MAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\nDATA\r\n"), "250 250 250 354");
  EXPECT_EQ(say(".\r\n"), "250 2.2.0 Ok\r\n250 2.2.0 Ok\r\n");
}

TEST_F(ServerDialogueTest, RefusesWithItsRepliesAndStoresNothing) {
  policy.rules[Command::EndOfText].refuse_hard = 100;
  policy.rules[Command::Vrfy].refuse_soft = 100;
  EXPECT_EQ(say("VRFY x\r\n"), "450 4.3.0 Error: command failed\r\n");
  EXPECT_EQ(codes(kMessage), "250 250 354 500");
  EXPECT_TRUE(store.messages.empty());
  EXPECT_EQ(tally.messages, 0u);
  EXPECT_EQ(codes(kEnvelope), "250 250") << "the transaction has ended";
}

TEST_F(ServerDialogueTest, HangsUpWithoutAWordOrWith421) {
  policy.rules[Command::Rcpt].hang_up = 100;
  policy.rules[Command::Quit].shut_down = 100;
  EXPECT_EQ(say("QUIT\r\nNOOP\r\n"), "421 4.0.0 Server closing connection\r\n");
  EXPECT_TRUE(hung_up());
  EXPECT_EQ(say("NOOP\r\n"), "") << "it is over";
}

TEST_F(ServerDialogueTest, HangsUpInsteadOfGreeting) {
  policy.rules[Command::Connect].hang_up = 100;
  EXPECT_EQ(greeting(), "");
  EXPECT_TRUE(hung_up());
  EXPECT_EQ(tally.shut_down, 1u);
}

TEST_F(ServerDialogueTest, LetsTheDiceDecideWhereAPercentageIsGiven) {
  policy.rules[Command::Noop].refuse_soft = 30;
  dice_shows = 29;
  EXPECT_EQ(codes("NOOP\r\n"), "450");
  dice_shows = 30;
  EXPECT_EQ(codes("NOOP\r\n"), "250");
  EXPECT_EQ(throws, 2);
}

TEST_F(ServerDialogueTest, WaitsBeforeTheReplyOfThatCommandOnly) {
  policy.rules[Command::Rcpt].wait = 500ms;
  EXPECT_EQ(codes(kEnvelope), "250 250");
  ASSERT_EQ(steps.all().size(), 2u);
  EXPECT_EQ(steps.all()[0].wait, 0ms);
  EXPECT_EQ(steps.all()[1].wait, 500ms);
}

TEST_F(ServerDialogueTest, ShutsDownAfterEnoughMessages) {
  policy.messages_per_connection = 1;
  EXPECT_EQ(codes(kMessage), "250 250 354 250");
  EXPECT_EQ(codes("RSET\r\n"), "421");
  EXPECT_TRUE(hung_up());
  EXPECT_EQ(dialogue().messages(), 1);
}

TEST_F(ServerDialogueTest, LetsAClientQuitAfterEnoughMessages) {
  policy.messages_per_connection = 1;
  EXPECT_EQ(codes(std::string(kMessage) + "QUIT\r\n"), "250 250 354 250 221");
  EXPECT_EQ(tally.shut_down, 0u);
}

TEST_F(ServerDialogueTest, BreaksOffTheText) {
  policy.break_off_text = 2000ms;
  EXPECT_EQ(codes(kMessage), "250 250 354 550");
  EXPECT_TRUE(hung_up());
  EXPECT_EQ(steps.all().back().wait, 2000ms);
}

TEST_F(ServerDialogueTest, TakesChunks) {
  policy.offer_chunking = true;
  EXPECT_EQ(codes(std::string(kEnvelope) + "BDAT 5\r\n..\r\n.BDAT 4 last\r\n\r\n.\nNOOP\r\n"),
            "250 250 250 250 250");
  ASSERT_EQ(store.messages.size(), 1u);
  EXPECT_EQ(store.messages[0].text, "..\r\n.\r\n.\n");
}

TEST_F(ServerDialogueTest, TakesChunksInPieces) {
  policy.offer_chunking = true;
  EXPECT_EQ(codes(std::string(kEnvelope) + "BDAT 3 LAST\r\na"), "250 250");
  EXPECT_EQ(codes("b"), "");
  EXPECT_EQ(codes("cNOOP\r\n"), "250 250");
  EXPECT_EQ(store.messages[0].text, "abc");
}

TEST_F(ServerDialogueTest, SkipsTheOctetsOfARefusedChunk) {
  policy.offer_chunking = true;
  EXPECT_EQ(codes("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"), "503 250");
  policy.rules[Command::Bdat].refuse_soft = 100;
  EXPECT_EQ(codes(std::string(kEnvelope) + "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"), "250 250 450 250");
  EXPECT_TRUE(store.messages.empty());
}

TEST_F(ServerDialogueTest, HangsUpWhenItCannotKnowWhereAChunkEnds) {
  policy.offer_chunking = true;
  EXPECT_EQ(codes("BDAT 99999999999999999999999\r\nNOOP\r\n"), "501");
  EXPECT_TRUE(hung_up());
}

TEST_F(ServerDialogueTest, ObeysItsSizeLimit) {
  policy.offer_size = true;
  policy.message_size_limit = 5;
  EXPECT_NE(say("EHLO me\r\n").find("250-SIZE 5\r\n"), std::string::npos);
  EXPECT_EQ(codes("MAIL FROM:<a> SIZE=6\r\nMAIL FROM:<a> size=5\r\n"), "552 250");
  EXPECT_EQ(codes("RCPT TO:<b>\r\nDATA\r\nabcd\r\n.\r\n"), "250 354 552");
  EXPECT_TRUE(store.messages.empty());
}

TEST_F(ServerDialogueTest, DefersWhatItCannotStore) {
  store.broken = true;
  test::LogCapture::expect("open: No space left on device");
  EXPECT_EQ(codes(kMessage), "250 250 354 451");
  EXPECT_EQ(tally.messages, 0u);
}

TEST_F(ServerDialogueTest, ForgetsAMessageThatBreaksOff) {
  policy.rules[Command::EndOfText].hang_up = 100;
  EXPECT_EQ(codes(kMessage), "250 250 354");
  EXPECT_EQ(store.begun, 1);
  EXPECT_TRUE(store.messages.empty());
}

TEST_F(ServerDialogueTest, SaysSoWhenTheClientIsSilentForTooLong) {
  dialogue().time_out(steps);
  EXPECT_EQ(text().substr(0, 9), "421 4.4.2");
  EXPECT_TRUE(hung_up());
  EXPECT_EQ(tally.timed_out, 1u);
}

}  // namespace
}  // namespace handoff::smtpstone
