#include "smtp/transaction.h"

#include <gtest/gtest.h>

#include "smtp/script.h"
#include "support/log.h"

namespace handoff::smtp {
namespace {

using Outcomes = std::vector<std::string>;

constexpr auto kQuitting = "smtp_skip_quit_response = yes\n";

class TransactionTest : public testing::Test {
 protected:
  TransactionTest() {
    session.server = {"example.org", "mx", "192.0.2.1", 25};
    session.life = SessionLife::until(2'000'000'000);
    session.features = feature::kEsmtp | feature::kPipelining;
    request.queue_id = "QID";
    request.sender = "a@client.example";
    request.data_size = 300;
    request.recipients = {{"", "u1@example.org", 10, "", 0}};
  }
  void two_recipients() { request.recipients.push_back({"", "u2@example.org", 20, "", 0}); }
  Outcomes play(std::string_view script, const std::string& main_cf = "") {
    params = test::smtp_params(main_cf);
    Transaction::Plan plan;
    for (std::size_t i = 0; i < request.recipients.size(); ++i) plan.recipients.push_back(i);
    plan.reusable = [this] { return reusable; };
    Transaction transaction(session, request, params, std::move(plan));
    return test::play(transaction, script);
  }

  SessionState session;
  global::DeliveryRequest request;
  global::Params params;
  bool reusable = true;
};

TEST_F(TransactionTest, TakesTwoRoundTripsWithPipelining) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 354 go
    BODY
    C: .
    S: 250 2.0.0 Ok: queued as X)"),
            Outcomes{"sent 0 2.0.0 250 2.0.0 Ok: queued as X"});
  EXPECT_TRUE(session.life.cacheable());
}

TEST_F(TransactionTest, WaitsForEachReplyWithoutPipelining) {
  session.features = 0;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    S: 250 Ok
    C: RCPT TO:<u1@example.org>
    S: 250 Ok
    C: DATA
    S: 354 go
    BODY
    C: .
    S: 250 Ok)"),
            Outcomes{"sent 0 2.0.0 250 Ok"});
}

TEST_F(TransactionTest, SaysGoodbyeWithTheDotWhenNobodyNeedsTheSession) {
  reusable = false;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 354 go
    BODY
    C: .
    C: QUIT
    S: 250 Ok)",
                 kQuitting),
            Outcomes{"sent 0 2.0.0 250 Ok"});
  EXPECT_FALSE(session.life.cacheable());
}

TEST_F(TransactionTest, AwaitsTheReplyToGoodbyeIfToldTo) {
  reusable = false;
  session.features = 0;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    S: 250 Ok
    C: RCPT TO:<u1@example.org>
    S: 250 Ok
    C: DATA
    S: 354 go
    BODY
    C: .
    S: 250 Ok
    C: QUIT
    S: 221 bye)",
                 "smtp_skip_quit_response = no\n"),
            Outcomes{"sent 0 2.0.0 250 Ok"});
}

TEST_F(TransactionTest, TellsRecipientsApart) {
  two_recipients();
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: RCPT TO:<u2@example.org>
    C: DATA
    S: 250 Ok
    S: 450 4.2.1 busy
    S: 250 Ok
    S: 354 go
    BODY
    C: .
    S: 250 Ok)"),
            (Outcomes{"recipient 0 4.2.1 host mx[192.0.2.1] said: 450 4.2.1 busy (in reply to RCPT "
                      "TO command)",
                      "sent 1 2.0.0 250 Ok"}));
}

TEST_F(TransactionTest, ResetsAfterARejectedSender) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 550 5.7.1 no
    S: 503 need MAIL
    S: 503 need RCPT
    C: RSET
    S: 250 Ok)"),
            Outcomes{"message 5.7.1 host mx[192.0.2.1] said: 550 5.7.1 no (in reply to MAIL FROM "
                     "command)"});
  EXPECT_TRUE(session.life.cacheable());
}

TEST_F(TransactionTest, StopsEarlyWithoutPipelining) {
  session.features = 0;
  reusable = false;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    S: 450 later
    C: RSET
    S: 250 Ok
    C: QUIT)"),
            Outcomes{"message 4.0.0 host mx[192.0.2.1] said: 450 later (in reply to MAIL FROM "
                     "command)"});
  session.life = SessionLife::until(2'000'000'000);
  reusable = true;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    S: 250 Ok
    C: RCPT TO:<u1@example.org>
    S: 550 no
    C: RSET
    S: 250 Ok)"),
            Outcomes{"recipient 0 5.0.0 host mx[192.0.2.1] said: 550 no (in reply to RCPT TO "
                     "command)"});
}

TEST_F(TransactionTest, EndsAnEmptyTextThatTheServerAskedForInVain) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 Ok
    S: 550 no
    S: 354 go
    C: .
    S: 554 no valid recipients)"),
            Outcomes{"recipient 0 5.0.0 host mx[192.0.2.1] said: 550 no (in reply to RCPT TO "
                     "command)"});
}

TEST_F(TransactionTest, ResetsAfterRejectedData) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 451 4.3.0 no space
    C: RSET
    S: 250 Ok)"),
            Outcomes{"message 4.3.0 host mx[192.0.2.1] said: 451 4.3.0 no space (in reply to DATA "
                     "command)"});
  EXPECT_TRUE(session.life.cacheable());
}

TEST_F(TransactionTest, CallsAcceptedDataAProtocolError) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 250 2.0.0 what
    C: RSET
    C: QUIT
    S: 250 Ok)"),
            Outcomes{"message 5.5.0 Protocol error: host mx[192.0.2.1] said: 250 2.0.0 what (in "
                     "reply to DATA command)"});
  EXPECT_FALSE(session.life.cacheable());
}

TEST_F(TransactionTest, ReportsARefusedText) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 354 go
    BODY
    C: .
    S: 554 5.6.0 spam)"),
            Outcomes{"message 5.6.0 host mx[192.0.2.1] said: 554 5.6.0 spam (in reply to end of "
                     "DATA command)"});
  EXPECT_TRUE(session.life.cacheable());
}

TEST_F(TransactionTest, DoesNotReuseAServerThatUnderstandsNothing) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 500 5.5.1 unknown
    S: 500 unknown
    S: 500 unknown
    C: RSET
    C: QUIT
    S: 500 unknown)")
                .size(),
            1U);
  EXPECT_FALSE(session.life.cacheable());
}

TEST_F(TransactionTest, SaysWhereTheConnectionWasLost) {
  const std::string envelope = R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    )";
  const auto lost = [](const std::string& text) {
    return Outcomes{"site 4.4.2 lost connection with mx[192.0.2.1] while " + text};
  };
  EXPECT_EQ(play(envelope + "EOF"), lost("sending MAIL FROM"));
  EXPECT_EQ(play(envelope + "S: 250 Ok\nEOF"), lost("sending RCPT TO"));
  EXPECT_EQ(play(envelope + "S: 250 Ok\nS: 250 Ok\nEOF"), lost("sending DATA command"));
  EXPECT_TRUE(session.life.throttled());
  session.life = SessionLife::until(1);
  EXPECT_EQ(play(envelope + "S: 250 Ok\nS: 250 Ok\nS: 354 go\nBODY\nC: .\nEOF"),
            lost("sending end of data -- message may be sent more than once"));
}

TEST_F(TransactionTest, SaysWhatTimedOut) {
  EXPECT_EQ(play("C: MAIL FROM:<a@client.example>\n C: RCPT TO:<u1@example.org>\n C: DATA\n"
                 "TIMEOUT"),
            Outcomes{"site 4.4.2 conversation with mx[192.0.2.1] timed out while sending MAIL "
                     "FROM"});
}

TEST_F(TransactionTest, DoesNotCareForTheLastRset) {
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 550 no
    S: 503 no
    S: 503 no
    C: RSET
    EOF)")
                .size(),
            1U);
  EXPECT_FALSE(session.life.cacheable());
  EXPECT_FALSE(session.life.throttled());
}

// RFC 2920, 3.1: a client that does not read meanwhile must not fill up all buffers.
TEST_F(TransactionTest, KeepsCommandGroupsWithinTheWindow) {
  request.recipients.clear();
  for (int i = 0; i < 50; ++i)
    request.recipients.push_back(
        {"", std::string(140, 'x') + std::to_string(100 + i) + "@x", 10, "", 0});
  params = test::smtp_params();
  Transaction::Plan plan;
  for (std::size_t i = 0; i < request.recipients.size(); ++i) plan.recipients.push_back(i);
  plan.reusable = [] { return true; };
  Transaction transaction(session, request, params, std::move(plan));

  std::size_t groups = 0;
  while (transaction.next() == Dialogue::Step::ReadReply) {
    std::string group = transaction.take_output();
    ASSERT_LE(group.size(), Transaction::kWindow);
    ++groups;
    bool data = false;
    for (std::size_t at = 0; (at = group.find("\r\n", at)) != std::string::npos; at += 2) {
      data = group.compare(at - 4, 4, "DATA") == 0;
      transaction.on_line(data ? "354 go" : "250 Ok");
    }
    if (data) break;
  }
  EXPECT_EQ(groups, 2U);
  EXPECT_EQ(transaction.next(), Dialogue::Step::SendBody);
}

TEST_F(TransactionTest, UsesTheParametersThatTheServerOffers) {
  session.features |= feature::kSize | feature::k8BitMime | feature::kDsn;
  request.encoding = "8bit";
  request.envelope_id = "en+v1";
  request.ret_flags = global::ret::kHeaders;
  request.recipients[0].original = "Orig@d.example";
  request.recipients[0].notify = global::notify::kSuccess | global::notify::kFailure;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example> SIZE=300 BODY=8BITMIME ENVID=en+2Bv1 RET=HDRS
    C: RCPT TO:<u1@example.org> ORCPT=rfc822;Orig@d.example NOTIFY=SUCCESS,FAILURE
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 354 go
    BODY
    C: .
    S: 250 Ok)"),
            Outcomes{"sent 0 2.0.0 250 Ok"});
}

TEST_F(TransactionTest, TellsWhereTheMessageCameFrom) {
  session.features |= feature::kXforwardName | feature::kXforwardAddress |
                      feature::kXforwardProtocol | feature::kXforwardSource;
  request.client_name = "localhost";
  request.client_address = "127.0.0.1";
  request.protocol_name = "ESMTP";
  test::LogCapture::expect("said: 550 no (in reply to XFORWARD name/address command)");
  EXPECT_EQ(play(R"(
    C: XFORWARD NAME=localhost ADDR=127.0.0.1
    C: XFORWARD PROTO=ESMTP SOURCE=LOCAL
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 550 no
    S: 250 Ok
    S: 250 Ok
    S: 250 Ok
    S: 354 go
    BODY
    C: .
    S: 250 Ok)",
                 "smtp_send_xforward_command = yes\n"),
            Outcomes{"sent 0 2.0.0 250 Ok"});
}

TEST_F(TransactionTest, DoesNotSendWhatIsTooLarge) {
  session.size_limit = 299;
  EXPECT_EQ(play(""), Outcomes{"message 5.3.4 message size 300 exceeds size limit 299 of server "
                               "mx[192.0.2.1]"});
  EXPECT_TRUE(session.life.cacheable());
}

TEST_F(TransactionTest, DoesNotSendInternationalMailToServersThatDoNotKnowIt) {
  request.smtputf8 = global::smtputf8::kRequested;
  request.recipients[0].address = "r\xc3\xa9@example.org";
  request.smtputf8 |= global::smtputf8::kRecipient;
  EXPECT_EQ(play(""), Outcomes{"message 5.6.7 SMTPUTF8 is required, but was not offered by host "
                               "mx[192.0.2.1]"});
}

TEST_F(TransactionTest, NeverLetsAnAddressBecomeACommand) {
  two_recipients();
  request.recipients[0].address = "a\r\nQUIT\r\n@example.org";
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u2@example.org>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 354 go
    BODY
    C: .
    S: 250 Ok)"),
            (Outcomes{"recipient 0 5.1.3 bad recipient address syntax", "sent 1 2.0.0 250 Ok"}));
}

TEST_F(TransactionTest, ProbesAnAddressWithoutSending) {
  request.flags |= global::request_flag::kMtaVerify;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: RSET
    S: 250 Ok
    S: 250 2.1.5 known
    S: 250 Ok)"),
            Outcomes{"sent 0 2.1.5 250 2.1.5 known"});
  EXPECT_TRUE(session.life.cacheable());
}

TEST_F(TransactionTest, ProbesAsFarAsDataIfToldTo) {
  request.flags |= global::request_flag::kMtaVerify;
  EXPECT_EQ(play(R"(
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<u1@example.org>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 354 go)",
                 "smtp_address_verify_target = data\n"),
            Outcomes{"sent 0 2.0.0 354 go"});
  EXPECT_FALSE(session.life.cacheable());
}

// --- Trouble in the middle of the text.

class InterruptedTextTest : public TransactionTest {
 protected:
  InterruptedTextTest() {
    params = test::smtp_params();
    Transaction::Plan plan;
    plan.recipients = {0};
    plan.reusable = [] { return true; };
    transaction.emplace(session, request, params, std::move(plan));
    EXPECT_EQ(transaction->next(), Dialogue::Step::ReadReply);
    (void)transaction->take_output();
    for (auto line : {"250 Ok", "250 Ok", "354 go"}) transaction->on_line(line);
    EXPECT_EQ(transaction->next(), Dialogue::Step::SendBody);
  }

  std::optional<Transaction> transaction;
};

TEST_F(InterruptedTextTest, HearsTheServersLastWord) {
  transaction->on_body_interrupted(Silence::Closed);
  EXPECT_EQ(test::play(*transaction, "S: 552 5.3.4 too big"),
            Outcomes{"message 5.3.4 host mx[192.0.2.1] said: 552 5.3.4 too big (in reply to end of "
                     "DATA command)"});
  EXPECT_FALSE(session.life.cacheable());
}

TEST_F(InterruptedTextTest, DoesNotBelieveInAnAcceptedFragment) {
  transaction->on_body_interrupted(Silence::Closed);
  EXPECT_EQ(test::play(*transaction, "S: 250 queued"),
            Outcomes{"site 4.4.2 lost connection with mx[192.0.2.1] while sending message body"});
}

TEST_F(InterruptedTextTest, SaysThatTheServerHungUp) {
  transaction->on_body_interrupted(Silence::Closed);
  EXPECT_EQ(test::play(*transaction, "EOF"),
            Outcomes{"site 4.4.2 lost connection with mx[192.0.2.1] while sending message body"});
  EXPECT_TRUE(session.life.throttled());
}

TEST_F(InterruptedTextTest, SaysThatTheServerStoppedReading) {
  transaction->on_body_interrupted(Silence::Timeout);
  EXPECT_EQ(test::play(*transaction, ""),
            Outcomes{"site 4.4.2 conversation with mx[192.0.2.1] timed out while sending message "
                     "body"});
}

TEST_F(InterruptedTextTest, DoesNotEndATextThatItCouldNotRead) {
  transaction->on_body_unreadable(global::Dsn::simple("5.3.0", "unreadable mail queue entry"));
  EXPECT_EQ(test::play(*transaction, ""), Outcomes{"message 5.3.0 unreadable mail queue entry"});
  EXPECT_TRUE(session.life.forbidden());
}

}  // namespace
}  // namespace handoff::smtp
