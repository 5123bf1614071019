#include "global/delivery_report.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "global/bounce_messages.h"
#include "global/mail_proto.h"
#include "support/log.h"

namespace handoff::global {
namespace {

using testing::Test;

// Services that write down what they are told: "bounce failed 5.1.1 no such user".
class DeliveryReporterTest : public Test {
 protected:
  DeliveryReporterTest() {
    options.bounce = {"bounce", protocol::kDeliveryStatus};
    options.defer = {"defer", protocol::kDeliveryStatus};
    options.trace = {"trace", protocol::kDeliveryStatus};
    options.verify = {"verify", protocol::kAddressVerification};
    options.flush = {"flush", protocol::kQueueFlush};
  }

  int ask(const StatusService& service, const std::string& request) {
    if (service.path == "verify" || service.path == "flush") {
      std::string words;
      for (char c : request) words += c == '\0' ? ' ' : c;
      told.push_back(service.path + " " + words);
    } else {
      auto append = util::attr0::decode<BounceAppend>(request, "test");
      EXPECT_TRUE(append);
      EXPECT_EQ(append->queue_id, "QID");
      EXPECT_EQ(append->flags, trace_flags);
      told.push_back(fmt::format("{} {} {} {}", service.path, append->dsn.action,
                                 append->dsn.status, append->dsn.reason));
    }
    return service.path == broken ? -1 : 0;
  }

  Report report(const std::string& status, const std::string& reason) {
    return {.trace_flags = trace_flags,
            .queue_id = "QID",
            .stats = stats,
            .recipient = recipient,
            .relay = relay,
            .dsn = Dsn::simple(status, reason)};
  }
  DeliveryReporter reporter() {
    return DeliveryReporter(options, [this](const StatusService& service, const std::string& text) {
      return ask(service, text);
    });
  }
  // "dsn=X.Y.Z, status=WORD (REASON)" of the only line of the log.
  static std::string logged() {
    const auto lines = test::LogCapture::lines();
    std::string found;
    int deliveries = 0;
    for (const auto& line : lines)
      if (const auto at = line.find("dsn="); at != std::string::npos) {
        found = line.substr(at);
        ++deliveries;
      }
    EXPECT_EQ(deliveries, 1);
    return found;
  }

  using Told = std::vector<std::string>;
  DeliveryReporter::Options options;
  MsgStats stats;
  Recipient recipient{"user@example.com", "user@example.com", 10, "", 0};
  int trace_flags = 0;
  std::string relay = "mx[192.0.2.1]:25";
  std::string broken;
  Told told;
};

TEST_F(DeliveryReporterTest, TellsNobodyButTheLogOfAnOrdinaryDelivery) {
  EXPECT_TRUE(reporter().sent(report("2.0.0", "250 Ok")));
  EXPECT_EQ(told, Told{});
  EXPECT_EQ(logged(), "dsn=2.0.0, status=sent (250 Ok)");
}

TEST_F(DeliveryReporterTest, TracesADeliveryWhoseSenderWantsToKnow) {
  recipient.notify = notify::kSuccess;
  EXPECT_TRUE(reporter().sent(report("2.0.0", "250 Ok")));
  EXPECT_EQ(told, Told{"trace delivered 2.0.0 delivery via mx[192.0.2.1]:25: 250 Ok"});
}

TEST_F(DeliveryReporterTest, TracesARecordedDeliveryWithoutNamingARelayThatThereWasNot) {
  trace_flags = request_flag::kRecord;
  relay = Report::kNoRelay;
  EXPECT_TRUE(reporter().sent(report("2.0.0", "ok")));
  EXPECT_EQ(told, Told{"trace delivered 2.0.0 ok"});
}

TEST_F(DeliveryReporterTest, TracesASuccessAfterADelayWarningUnlessUnwanted) {
  trace_flags = request_flag::kReportDelay;
  EXPECT_TRUE(reporter().sent(report("2.0.0", "ok")));
  EXPECT_EQ(told.size(), 1U);
  recipient.notify = notify::kFailure;
  told.clear();
  test::LogCapture::clear();
  EXPECT_TRUE(reporter().sent(report("2.0.0", "ok")));
  EXPECT_EQ(told, Told{});
}

TEST_F(DeliveryReporterTest, DefersADeliveryThatCannotBeTraced) {
  recipient.notify = notify::kSuccess;
  broken = "trace";
  EXPECT_FALSE(reporter().sent(report("2.0.0", "250 Ok")));
  EXPECT_EQ(told.back(), "defer delayed 4.3.0 QID: trace service failed");
  EXPECT_EQ(logged(), "dsn=4.3.0, status=deferred (QID: trace service failed)");
}

TEST_F(DeliveryReporterTest, Bounces) {
  EXPECT_TRUE(reporter().bounced(report("5.1.1", "no such user")));
  EXPECT_EQ(told, Told{"bounce failed 5.1.1 no such user"});
  EXPECT_EQ(logged(), "dsn=5.1.1, status=bounced (no such user)");
}

TEST_F(DeliveryReporterTest, DefersWhatCannotBeBounced) {
  broken = "bounce";
  EXPECT_FALSE(reporter().bounced(report("5.1.1", "no such user")));
  EXPECT_EQ(told.back(), "defer delayed 4.3.0 bounce or trace service failure");
  EXPECT_EQ(logged(), "dsn=4.3.0, status=deferred (bounce or trace service failure)");
}

TEST_F(DeliveryReporterTest, BouncesSoftlyWhenTheOperatorIsTesting) {
  options.soft_bounce = true;
  EXPECT_FALSE(reporter().bounced(report("5.1.1", "no such user")));
  EXPECT_EQ(told, Told{"defer delayed 4.1.1 no such user"});
  EXPECT_EQ(logged(), "dsn=4.1.1, status=SOFTBOUNCE (no such user)");
}

TEST_F(DeliveryReporterTest, Defers) {
  EXPECT_FALSE(reporter().deferred(report("4.4.1", "timed out")));
  EXPECT_EQ(told, Told{"defer delayed 4.4.1 timed out"});
  EXPECT_EQ(logged(), "dsn=4.4.1, status=deferred (timed out)");
}

TEST_F(DeliveryReporterTest, DefersEvenWithoutTheDeferService) {
  broken = "defer";
  test::LogCapture::expect("QID: defer service failure");
  EXPECT_FALSE(reporter().deferred(report("4.4.1", "timed out")));
  EXPECT_EQ(logged(), "dsn=4.4.1, status=deferred (timed out)");
}

TEST_F(DeliveryReporterTest, TellsFlushOfDomainsThatItServes) {
  options.fast_flush = [](std::string_view domain) { return domain == "example.com"; };
  recipient.address = "user@EXAMPLE.com";
  EXPECT_FALSE(reporter().deferred(report("4.4.1", "timed out")));
  EXPECT_EQ(told.back(), "flush request add site example.com queue_id QID  ");
}

TEST_F(DeliveryReporterTest, AnswersProbesOfTheMtaThroughVerify) {
  trace_flags = request_flag::kMtaVerify;
  recipient.original = "alias@example.com";
  EXPECT_TRUE(reporter().sent(report("2.1.5", "250 Ok")));
  EXPECT_EQ(told, (Told{"verify request update address alias@example.com recipient_status 0 "
                        "reason 250 Ok  ",
                        "verify request update address user@example.com recipient_status 0 "
                        "reason 250 Ok  "}));
  EXPECT_EQ(logged(), "dsn=2.1.5, status=deliverable (250 Ok)");
}

TEST_F(DeliveryReporterTest, AnswersABadProbeAndIsDoneWithIt) {
  trace_flags = request_flag::kMtaVerify;
  EXPECT_TRUE(reporter().bounced(report("5.1.1", "no")));
  EXPECT_EQ(told, Told{"verify request update address user@example.com recipient_status 2 "
                       "reason no  "});
  EXPECT_EQ(logged(), "dsn=5.1.1, status=undeliverable (no)");
}

TEST_F(DeliveryReporterTest, KeepsBadNewsFromACacheThatDoesNotWantThem) {
  trace_flags = request_flag::kMtaVerify;
  options.verify_negative_cache = false;
  EXPECT_TRUE(reporter().bounced(report("5.1.1", "no")));
  EXPECT_EQ(told, Told{});
  EXPECT_EQ(logged(), "dsn=5.1.1, status=undeliverable-but-not-cached (no)");
}

TEST_F(DeliveryReporterTest, AnswersProbesOfUsersThroughTrace) {
  trace_flags = request_flag::kUserVerify;
  EXPECT_TRUE(reporter().deferred(report("4.4.1", "timed out")));
  EXPECT_EQ(told, Told{"trace undeliverable 4.4.1 delivery via mx[192.0.2.1]:25: timed out"});
  EXPECT_EQ(logged(), "dsn=4.4.1, status=undeliverable (timed out)");
}

TEST_F(DeliveryReporterTest, DoesNotTrustStatusCodes) {
  test::LogCapture::expect("delivery status");
  EXPECT_TRUE(reporter().bounced(report("4.1.1", "no such user")));
  EXPECT_EQ(logged(), "dsn=5.0.0, status=bounced (no such user)");
}

}  // namespace
}  // namespace handoff::global
