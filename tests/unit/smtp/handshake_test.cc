#include "smtp/handshake.h"

#include <gtest/gtest.h>

#include "smtp/script.h"
#include "support/log.h"

namespace handoff::smtp {
namespace {

using Outcomes = std::vector<std::string>;

class HandshakeTest : public testing::Test {
 protected:
  HandshakeTest() {
    session.server = {"example.org", "mx.example.org", "192.0.2.1", 25};
    session.life = SessionLife::until(2'000'000'000);
  }
  Outcomes play(std::string_view script, const std::string& main_cf = "") {
    params = test::smtp_params(main_cf);
    discarded = DiscardedKeywords(params.smtp_discard_ehlo_keywords);
    Handshake handshake(session, params, discarded, "QID");
    Outcomes outcomes = test::play(handshake, script);
    succeeded = handshake.succeeded();
    return outcomes;
  }

  SessionState session;
  global::Params params;
  DiscardedKeywords discarded;
  bool succeeded = false;
};

TEST_F(HandshakeTest, LearnsWhatTheServerCan) {
  EXPECT_EQ(play(R"(
    S: 220 mx.example.org ESMTP
    C: EHLO client.example
    S: 250-mx.example.org greets you
    S: 250-pipelining
    S: 250-SIZE 1000
    S: 250-8BITMIME
    S: 250-CHUNKING
    S: 250-XFORWARD NAME ADDR PROTO
    S: 250-DSN
    S: 250 SMTPUTF8)"),
            Outcomes{});
  EXPECT_TRUE(succeeded);
  EXPECT_EQ(session.features, feature::kEsmtp | feature::kPipelining | feature::kSize |
                                  feature::k8BitMime | feature::kDsn | feature::kSmtpUtf8 |
                                  feature::kXforwardName | feature::kXforwardAddress |
                                  feature::kXforwardProtocol);
  EXPECT_EQ(session.size_limit, 1000);
  EXPECT_EQ(session.helo_name, "mx.example.org");
}

TEST_F(HandshakeTest, FallsBackToHelo) {
  EXPECT_EQ(play(R"(
    S: 220 mx
    C: EHLO client.example
    S: 502 what?
    C: HELO client.example
    S: 250 mx)"),
            Outcomes{});
  EXPECT_TRUE(succeeded);
  EXPECT_EQ(session.features, 0U);
}

TEST_F(HandshakeTest, SaysHeloWhenTheOperatorWantsIt) {
  EXPECT_EQ(play("S: 220 mx ESMTP\n C: HELO other.example\n S: 250 mx",
                 "smtp_never_send_ehlo = yes\nsmtp_helo_name = other.example\n"),
            Outcomes{});
  EXPECT_EQ(play("S: 220 mx\n C: HELO client.example\n S: 250 mx", "smtp_always_send_ehlo = no\n"),
            Outcomes{});
}

TEST_F(HandshakeTest, TriesLaterWhenTheGreetingRefuses) {
  EXPECT_EQ(play("S: 554 5.3.2 no service"),
            Outcomes{"site 4.3.2 host mx.example.org[192.0.2.1] refused to talk to me: "
                     "554 5.3.2 no service"});
  EXPECT_FALSE(succeeded);
  EXPECT_TRUE(session.life.throttled());
  EXPECT_FALSE(session.life.cacheable());
}

TEST_F(HandshakeTest, BouncesOnAGreetingThatRefusesForGoodIfToldTo) {
  EXPECT_EQ(play("S: 554 no", "smtp_skip_5xx_greeting = no\n"),
            Outcomes{"site 5.0.0 host mx.example.org[192.0.2.1] refused to talk to me: 554 no"});
}

TEST_F(HandshakeTest, BouncesOnAGreetingThatIsNone) {
  EXPECT_EQ(play("S: 300 hm"), Outcomes{"site 5.5.0 host mx.example.org[192.0.2.1] "
                                        "refused to talk to me: 300 hm"});
}

TEST_F(HandshakeTest, GivesUpAServerThatIsTooBusy) {
  EXPECT_EQ(play("S: 220 mx\n C: EHLO client.example\n S: 421 4.7.0 busy"),
            Outcomes{"site 4.7.0 host mx.example.org[192.0.2.1] refused to talk to me: "
                     "421 4.7.0 busy"});
}

TEST_F(HandshakeTest, SaysWhenTheServerFellSilent) {
  EXPECT_EQ(play("TIMEOUT"), Outcomes{"site 4.4.2 conversation with mx.example.org[192.0.2.1] "
                                      "timed out while receiving the initial server greeting"});
  EXPECT_EQ(play("S: 220 mx\n C: EHLO client.example\n EOF"),
            Outcomes{"site 4.4.2 lost connection with mx.example.org[192.0.2.1] while performing "
                     "the EHLO handshake"});
  EXPECT_EQ(play("S: 220 mx\n C: EHLO client.example\n S: 500 eh\n C: HELO client.example\n EOF"),
            Outcomes{"site 4.4.2 lost connection with mx.example.org[192.0.2.1] while performing "
                     "the HELO handshake"});
}

TEST_F(HandshakeTest, RecognizesItself) {
  test::LogCapture::expect(
      "host mx.example.org[192.0.2.1]:25 greeted me with my own hostname Client.Example");
  test::LogCapture::expect("replied to HELO/EHLO with my own hostname client.example");
  const auto script =
      "S: 220 Client.Example ESMTP\n C: EHLO client.example\n S: 250 client.example";
  EXPECT_EQ(play(script), Outcomes{"site 4.4.6 mail for example.org loops back to myself"});
  session.features = feature::kBestMx;
  EXPECT_EQ(play(script), Outcomes{"site 5.4.6 mail for example.org loops back to myself"});
  session.server.port = 2525;
  EXPECT_EQ(play(script), Outcomes{});
}

TEST_F(HandshakeTest, WorksAroundOldFirewalls) {
  EXPECT_EQ(play("S: 220 *****2****0**\n C: HELO client.example\n S: 250 mx"), Outcomes{});
  EXPECT_TRUE(session.has(feature::kPixNoEsmtp | feature::kPixDelayDotCrlf));
  EXPECT_TRUE(
      test::LogCapture::contains("QID: enabling PIX workarounds: disable_esmtp,delay_dotcrlf for "
                                 "mx.example.org[192.0.2.1]:25"));
}

TEST_F(HandshakeTest, IgnoresKeywordsThatTheOperatorDoesNotTrust) {
  EXPECT_EQ(play("S: 220 mx\n C: EHLO client.example\n S: 250-mx\n S: 250-PIPELINING\n S: 250 DSN",
                 "smtp_discard_ehlo_keywords = pipelining, silent-discard\n"),
            Outcomes{});
  EXPECT_EQ(session.features, feature::kEsmtp | feature::kDsn);
}

TEST_F(HandshakeTest, DoesNotTrustASizeThatIsNone) {
  test::LogCapture::expect("bad EHLO SIZE limit \"-1\" from mx.example.org[192.0.2.1]:25");
  EXPECT_EQ(play("S: 220 mx\n C: EHLO client.example\n S: 250-mx\n S: 250 SIZE -1"), Outcomes{});
  EXPECT_EQ(session.size_limit, 0);
}

TEST_F(HandshakeTest, SurvivesGarbage) {
  EXPECT_EQ(play("S: <html>\n S: 220 mx\n C: EHLO client.example\n S: 250"), Outcomes{});
  EXPECT_TRUE(succeeded);
  EXPECT_FALSE(session.life.cacheable());
}

}  // namespace
}  // namespace handoff::smtp
