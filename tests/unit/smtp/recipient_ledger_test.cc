#include "smtp/recipient_ledger.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"

namespace handoff::smtp {
namespace {

using global::DeliveryReply;
using global::Dsn;
using Indices = std::vector<std::size_t>;

class RecipientLedgerTest : public testing::Test {
 protected:
  RecipientLedgerTest()
      : reporter({}, [this](const auto&, const auto&) { return service_status; }) {
    job.request.queue_id = "QID";
    job.request.recipients = {{"", "a@x", 0, "", 0}, {"", "b@x", 1, "", 0}, {"", "c@x", 2, "", 0}};
    for (auto& recipient : job.request.recipients) ++recipient.offset;
    job.queue_file = test::file_with(".RRR");
  }

  static Outcome failure(Outcome::Level level, const std::string& status, std::size_t who = 0) {
    return {Outcome::Kind::Failed, level, who, Dsn::simple(status, "because")};
  }
  static Outcome success(std::size_t who) {
    return {Outcome::Kind::Sent, Outcome::Level::Recipient, who, Dsn::simple("2.0.0", "ok")};
  }
  RecipientLedger ledger(bool soft_bounce = false) { return {job, reporter, soft_bounce}; }
  std::string marks() const { return test::content_of(job.queue_file.get()); }

  const RecipientLedger::Relay some_server{"mx", false, false};
  const RecipientLedger::Relay last_server{"mx", false, true};
  int service_status = 0;
  global::DeliveryJob job;
  global::DeliveryReporter reporter;
};

TEST_F(RecipientLedgerTest, MarksThoseWhoAreDone) {
  auto recipients = ledger();
  recipients.apply({success(0), failure(Outcome::Level::Recipient, "5.1.1", 1)}, some_server);
  EXPECT_EQ(marks(), ".DDR");
  EXPECT_EQ(recipients.open(), Indices{2});
  EXPECT_FALSE(recipients.all_settled());
  recipients.apply({success(2)}, some_server);
  EXPECT_TRUE(recipients.all_settled());
  EXPECT_EQ(recipients.reply(), DeliveryReply{});
}

TEST_F(RecipientLedgerTest, KeepsTheOthersForTheNextServer) {
  auto recipients = ledger();
  recipients.apply({failure(Outcome::Level::Recipient, "4.2.1", 1)}, some_server);
  EXPECT_EQ(recipients.open(), (Indices{0, 2}));
  EXPECT_TRUE(test::LogCapture::contains("QID: because"));
  recipients.end_session(true);
  EXPECT_EQ(recipients.open(), (Indices{0, 1, 2}));
  recipients.apply({failure(Outcome::Level::Recipient, "4.2.1", 1)}, last_server);
  EXPECT_EQ(recipients.reply().status, DeliveryReply::kRetry);
  EXPECT_TRUE(recipients.reply().hop.empty());
  EXPECT_EQ(marks(), ".RRR");
}

TEST_F(RecipientLedgerTest, BlamesTheSiteWhenAllOfItFails) {
  auto recipients = ledger();
  recipients.apply({success(0), failure(Outcome::Level::Site, "4.4.2")}, last_server);
  EXPECT_TRUE(recipients.all_settled());
  EXPECT_EQ(recipients.reply().hop, Dsn::simple("4.4.2", "because"));
}

TEST_F(RecipientLedgerTest, DoesNotBlameASiteThatWorkedAMomentAgo) {
  auto recipients = ledger();
  recipients.apply({failure(Outcome::Level::Message, "4.3.0")}, some_server);
  recipients.end_session(true);
  recipients.give_up(Dsn::simple("4.4.1", "refused"));
  EXPECT_EQ(recipients.reply().status, DeliveryReply::kRetry);
  EXPECT_TRUE(recipients.reply().hop.empty());
}

TEST_F(RecipientLedgerTest, DoesNotBlameASiteThatBounces) {
  auto recipients = ledger();
  recipients.apply({failure(Outcome::Level::Site, "5.5.0")}, some_server);
  EXPECT_EQ(recipients.reply(), DeliveryReply{});
  EXPECT_EQ(marks(), ".DDD");
}

TEST_F(RecipientLedgerTest, TriesAnotherServerBeforeItBouncesSoftly) {
  auto recipients = ledger(true);
  recipients.apply({failure(Outcome::Level::Message, "5.1.1")}, some_server);
  recipients.end_session(true);
  EXPECT_EQ(recipients.open().size(), 3U);
}

TEST_F(RecipientLedgerTest, RetriesWhatCouldNotBeReported) {
  service_status = -1;
  test::LogCapture::expect("defer service failure");
  auto recipients = ledger();
  recipients.apply({failure(Outcome::Level::Recipient, "5.1.1", 0)}, some_server);
  EXPECT_EQ(recipients.reply().status, DeliveryReply::kRetry);
  EXPECT_EQ(marks(), ".RRR");
}

}  // namespace
}  // namespace handoff::smtp
