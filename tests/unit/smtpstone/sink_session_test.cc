#include "smtpstone/sink_session.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "support/sockets.h"
#include "util/manual_scheduler.h"

namespace handoff::smtpstone {
namespace {

using namespace std::chrono_literals;

class SinkSessionTest : public testing::Test, private SinkSession::Host {
 protected:
  void start() {
    auto [client_end, server_end] = test::socket_pair();
    client = std::move(client_end);
    session = std::make_unique<SinkSession>(
        static_cast<SinkSession::Host&>(*this), clock, timing, tally, std::move(server_end),
        ServerDialogue(policy, tally, dice, nullptr, "192.0.2.1"), address);
    session->start();
    clock.ready();
  }
  void send(const std::string& text) {
    test::send_text(client, text);
    clock.ready();
  }
  std::string received() { return test::received_text(client); }

  util::ManualScheduler clock;
  SinkSession::Timing timing{100s, 0ms};
  Policy policy;
  Tally tally;
  Tally::Address address;
  ServerDialogue::Dice dice = [] { return 0; };
  util::UniqueFd client;
  std::unique_ptr<SinkSession> session;
  int quiet = 0;

 private:
  void session_quiet(SinkSession&) override { ++quiet; }
  void session_ended(SinkSession&) override { session.reset(); }
};

TEST_F(SinkSessionTest, AnswersAtOnce) {
  start();
  EXPECT_EQ(received(), "220 smtp-sink ESMTP\r\n");
  send("NOOP\r\n");
  EXPECT_EQ(received(), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(quiet, 2);
}

TEST_F(SinkSessionTest, EndsWithTheClient) {
  start();
  client.reset();
  clock.ready();
  EXPECT_FALSE(session);
  EXPECT_EQ(clock.timers(), 0u);
}

TEST_F(SinkSessionTest, HangsUpAfterQuit) {
  start();
  (void)received();
  send("QUIT\r\n");
  EXPECT_FALSE(session);
  EXPECT_EQ(received(), "221 Bye\r\n");
  EXPECT_TRUE(test::sees_eof(client));
}

TEST_F(SinkSessionTest, DelaysEachAnswerFromWhenItsQuestionCame) {
  timing.reply_delay = 20ms;
  start();
  clock.advance(20ms);
  EXPECT_EQ(received(), "220 smtp-sink ESMTP\r\n");
  send("NOOP\r\n");
  clock.advance(5ms);
  send("RSET\r\n");
  clock.advance(14ms);
  EXPECT_EQ(received(), "");
  clock.advance(1ms);
  EXPECT_EQ(received(), "250 2.0.0 Ok\r\n");
  clock.advance(5ms);
  EXPECT_EQ(received(), "250 2.1.0 Ok\r\n");
}

TEST_F(SinkSessionTest, CountsARoundTripWhereTheClientHadNothingLeftToWaitFor) {
  timing.reply_delay = 20ms;
  start();
  clock.advance(20ms);
  send("NOOP\r\n");
  send("RSET\r\n");
  clock.advance(20ms);
  send("MAIL FROM:<>\r\nRCPT TO:<a>\r\nDATA\r\n");
  clock.advance(20ms);
  send("text\r\n");
  send(".\r\n");
  clock.advance(20ms);
  PerCommand<std::uint64_t> expected{};
  expected[Command::Noop] = 1;
  expected[Command::Mail] = 1;
  expected[Command::EndOfText] = 1;
  EXPECT_EQ(tally.round_trips, expected);
  EXPECT_EQ(address.messages, 1u);
}

TEST_F(SinkSessionTest, PutsAWaitOnTopOfTheDelay) {
  timing.reply_delay = 20ms;
  policy.rules[Command::Rcpt].wait = 100ms;
  start();
  clock.advance(20ms);
  (void)received();
  send("MAIL FROM:<>\r\nRCPT TO:<a>\r\n");
  clock.advance(20ms);
  EXPECT_EQ(received(), "250 2.1.0 Ok\r\n");
  clock.advance(99ms);
  EXPECT_EQ(received(), "");
  clock.advance(1ms);
  EXPECT_EQ(received(), "250 2.1.5 Ok\r\n");
}

TEST_F(SinkSessionTest, SaysGoodbyeToASilentClient) {
  start();
  (void)received();
  clock.advance(60s);
  send("NOOP\r\n");
  clock.advance(99999ms);
  EXPECT_EQ(received(), "250 2.0.0 Ok\r\n");
  clock.advance(1ms);
  EXPECT_EQ(received().substr(0, 9), "421 4.4.2");
  EXPECT_FALSE(session);
}

TEST_F(SinkSessionTest, DoesNotReadTheTextBeforeThePauseIsOver) {
  policy.text_pause = 3s;
  start();
  send("MAIL FROM:<>\r\nRCPT TO:<a>\r\nDATA\r\n");
  (void)received();
  send("text\r\n.\r\n");
  EXPECT_EQ(received(), "");
  clock.advance(3s);
  clock.ready();
  EXPECT_EQ(received(), "250 2.0.0 Ok\r\n");
}

TEST_F(SinkSessionTest, StopsReadingFromAClientThatDoesNotRead) {
  start();
  std::string burst;
  for (int i = 0; i < 1000; ++i) burst += "VRFY x\r\n";
  std::size_t sent = 0;
  for (int i = 0; i < 1000 && session; ++i) {
    const ssize_t size = ::send(client.get(), burst.data(), burst.size(), MSG_DONTWAIT);
    if (size < 0) break;
    sent += static_cast<std::size_t>(size);
    clock.ready();
  }
  EXPECT_LT(sent, 1000 * burst.size());
  EXPECT_TRUE(session);
}

}  // namespace
}  // namespace handoff::smtpstone
