#include "bounce/status_log.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "support/files.h"

namespace handoff::bounce {
namespace {

using namespace std::chrono_literals;
using global::Dsn;
using global::Recipient;

Recipient recipient(std::string address) {
  Recipient result;
  result.address = std::move(address);
  result.offset = 200;
  return result;
}

TEST(StatusLog, WritesWhatIsKnownAndNothingElse) {
  EXPECT_EQ(format_record(recipient("b@example.com"), Dsn::simple("4.4.1", "timed out"), {}),
            "\n<b@example.com>: timed out\nrecipient=b@example.com\noffset=200\nstatus=4.4.1\n"
            "reason=timed out\n\n");
}

TEST(StatusLog, WritesAllOfARichRecord) {
  Recipient rich = recipient("a b@example.com");
  rich.original = "x@example.com";
  rich.dsn_original = "rfc822;x@example.com";
  rich.notify = 12;
  const Dsn dsn{"5.1.1", "smtp", "550 no", "dns", "mx.example.com", "failed", "no such user"};
  EXPECT_EQ(format_record(rich, dsn, {.old_style_line = false}),
            "\nrecipient=\"a b\"@example.com\noriginal_recipient=x@example.com\noffset=200\n"
            "dsn_orig_rcpt=rfc822;x@example.com\nnotify_flags=12\nstatus=5.1.1\naction=failed\n"
            "diag_type=smtp\ndiag_text=550 no\nmta_type=dns\nmta_mname=mx.example.com\n"
            "reason=no such user\n\n");
}

TEST(StatusLog, LetsNobodySmuggleLinesIn) {
  const std::string record =
      format_record(recipient("a\nrecipient=evil@b"), Dsn::simple("4.0.0", "x\n\ny"), {});
  EXPECT_EQ(record.find("\nrecipient=evil"), std::string::npos);
  EXPECT_NE(record.find("reason=x??y\n"), std::string::npos);
}

TEST(StatusLog, KeepsUtf8WhereItIsWanted) {
  const Recipient r = recipient("r\xc3\xa9@b\xff");
  EXPECT_NE(format_record(r, {}, {.utf8 = true}).find("=r\xc3\xa9@b?\n"), std::string::npos);
  EXPECT_NE(format_record(r, {}, {.utf8 = false}).find("=r??@b?\n"), std::string::npos);
}

class StatusLogFileTest : public testing::Test {
 protected:
  static std::string log() {
    std::ifstream file("defer/A/ABC1");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::WorkingDirectory here;
  global::MailQueue queue;
};

TEST_F(StatusLogFileTest, AppendsInTheHashedDirectory) {
  ASSERT_TRUE(append_to_log(queue, "defer", "ABC1", "one", {}));
  ASSERT_TRUE(append_to_log(queue, "defer", "ABC1", "two", {}));
  EXPECT_EQ(log(), "onetwo");
}

TEST_F(StatusLogFileTest, GivesUpWhenSomebodyKeepsTheLock) {
  auto other = queue.open_log("defer", "ABC1");
  ASSERT_TRUE(other);
  ASSERT_EQ(flock(other->get(), LOCK_EX), 0);
  EXPECT_FALSE(append_to_log(queue, "defer", "ABC1", "one", {.attempts = 2, .delay = 0ms}));
  EXPECT_EQ(log(), "");
}

}  // namespace
}  // namespace handoff::bounce
