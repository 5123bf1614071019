#include "postlogd/json_record.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "global/postlog_proto.h"
#include "postlogd/json_record.h"
#include "postlogd/log_file.h"
#include "support/files.h"
#include "util/log_text.h"
#include "util/unique_fd.h"

namespace handoff::postlogd {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

// 2026-11-21 21:07:05.123 in UTC.
constexpr Milliseconds kNow{1795295225123ms};

class JsonRecordTest : public testing::Test {
 protected:
  void SetUp() override { set_zone("UTC"); }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
  static void set_zone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  static Json of(const std::string& text, const std::string& sender = "postfix/smtp[7]") {
    return Json::parse(json_record("Nov 21 21:07:05 mail " + sender + ": " + text, kNow));
  }
};

TEST_F(JsonRecordTest, TellsADelivery) {
  const std::string text =
      "4jX4QD3xp6z1c78D: to=<a,b>c@example.com>, orig_to=<x>, relay=mx.example[192.0.2.1]:25, "
      "conn_use=2, delay=0.12, delays=0.01/0/0.1/0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok (x))";
  const Json fields = {{"to", "a,b>c@example.com"},
                       {"orig_to", "x"},
                       {"relay", "mx.example[192.0.2.1]:25"},
                       {"conn_use", 2},
                       {"delay", 0.12},
                       {"delays", {0.01, 0.0, 0.1, 0.01}},
                       {"dsn", "2.0.0"},
                       {"status", "sent"},
                       {"detail", "250 2.0.0 Ok (x)"}};
  EXPECT_EQ(of(text), (Json{{"time", "2026-11-21T21:07:05.123Z"},
                            {"host", "mail"},
                            {"service", "smtp"},
                            {"program", "smtp"},
                            {"pid", 7},
                            {"severity", "info"},
                            {"queue_id", "4jX4QD3xp6z1c78D"},
                            {"event", "delivery"},
                            {"fields", fields},
                            {"message", text}}));
}

TEST_F(JsonRecordTest, TellsWhereAMessageIs) {
  EXPECT_EQ(of("6DCE2A84896: uid=1000 from=<root>", "postfix/pickup[1]")["fields"],
            (Json{{"uid", 1000}, {"from", "root"}}));
  EXPECT_EQ(of("6DCE2A84896: from=<>, size=300, nrcpt=1 (queue active)")["fields"],
            (Json{{"from", ""}, {"size", 300}, {"nrcpt", 1}, {"detail", "queue active"}}));
  EXPECT_EQ(of("6DCE2A84896: message-id=<x@y>")["event"], "message");
  EXPECT_EQ(of("6DCE2A84896: removed")["event"], "removed");
}

TEST_F(JsonRecordTest, TellsTheEndOfAMessageFromTheOutcomeForARecipient) {
  const Json expired = of("6DCE2A84896: from=<a@b>, status=expired, returned to sender");
  EXPECT_EQ(expired["event"], "expired");
  EXPECT_EQ(expired["fields"], (Json{{"from", "a@b"}, {"status", "expired"}}));
  EXPECT_EQ(of("6DCE2A84896: from=<>, status=force-expired, returned to sender")["event"],
            "expired");
  EXPECT_FALSE(of("6DCE2A84896: status=deferred (bounce failed)").contains("event"));
}

TEST_F(JsonRecordTest, TheDetailOfALineThatWasTooLongHasNoEnd) {
  const std::string text = "6DCE2A84896: to=<a@b>, status=sent (";
  const std::string reply(util::kLongestLogText - text.size(), 'x');
  EXPECT_EQ(of(text + reply)["fields"]["detail"], reply);
  EXPECT_EQ(of("warning: " + text + reply)["fields"]["detail"], reply);
  EXPECT_FALSE(of("warning: " + text + reply.substr(1))["fields"].contains("detail"));
}

TEST_F(JsonRecordTest, KnowsServiceAndSeverity) {
  const Json record = of("warning: 6DCE2A84896: something", "mta/relay/smtp[12]");
  EXPECT_EQ(record["service"], "relay");
  EXPECT_EQ(record["program"], "smtp");
  EXPECT_EQ(record["severity"], "warning");
  EXPECT_EQ(record["queue_id"], "6DCE2A84896");
  EXPECT_EQ(record["message"], "warning: 6DCE2A84896: something");
  EXPECT_EQ(of("x", "master[1]")["service"], "master");
  EXPECT_EQ(of("panic: x")["severity"], "panic");
}

TEST_F(JsonRecordTest, LiftsTheSession) {
  const Json record = of("6DCE2A84896: to=<a@b>, session=abc, status=sent (ok)");
  EXPECT_EQ(record["session"], "abc");
  EXPECT_FALSE(record["fields"].contains("session"));
}

TEST_F(JsonRecordTest, LeavesAloneWhatItDoesNotKnow) {
  for (const char* text : {"hello", "", "a: b", "=x", "NOQUEUE: reject: a=b", "statistics: x: 1"}) {
    const Json record = of(text);
    EXPECT_EQ(record["message"], text);
    EXPECT_FALSE(record.contains("fields")) << text;
    EXPECT_FALSE(record.contains("queue_id")) << text;
  }
  EXPECT_EQ(Json::parse(json_record("what\xff", kNow)),
            (Json{{"time", "2026-11-21T21:07:05.123Z"}, {"message", "what\uFFFD"}}));
}

TEST_F(JsonRecordTest, SurvivesHalfALine) {
  const std::string line =
      "Nov 21 21:07:05 mail a/b[1]: fatal: 6DCE2A84896: to=<a>, delay=x, delays=1/y, size=, "
      "status=sent (a\"\\\x01\xc3";
  for (std::size_t size = 0; size <= line.size(); ++size)
    EXPECT_TRUE(Json::accept(json_record(line.substr(0, size), kNow))) << size;
}

TEST_F(JsonRecordTest, KnowsWhenTheLineWasMade) {
  const auto time = [](const std::string& stamp) {
    return Json::parse(json_record(stamp + " mail a[1]: x", kNow))["time"].get<std::string>();
  };
  EXPECT_EQ(time("Nov 21 21:07:05"), "2026-11-21T21:07:05.123Z");
  EXPECT_EQ(time("Nov 21 21:06:58"), "2026-11-21T21:06:58.000Z");
  EXPECT_EQ(time("Nov 21 21:07:09"), "2026-11-21T21:07:05.123Z");
  EXPECT_EQ(time("Dec 31 23:59:59"), "2026-11-21T21:07:05.123Z");
  EXPECT_EQ(time("what is this"), "2026-11-21T21:07:05.123Z");
  set_zone("XST-5:30");
  EXPECT_EQ(time("Nov 22 02:37:01"), "2026-11-21T21:07:01.000Z");
}

TEST_F(JsonRecordTest, LossesAreCounted) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const util::UniqueFd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto file = LogFile::open(path, LogFile::FullPipe::Lose);
  ASSERT_TRUE(file);
  const auto append = [&](const std::string& record) {
    file->append(json_record(record, kNow), [](auto count) { return json_loss(count, kNow); });
  };
  const std::string record = "Nov 21 21:07:05 mail a[1]: " + std::string(3000, 'x');
  int written = 0;
  for (; file->lost() == 0; ++written) append(record);
  std::string read_back;
  const auto drain = [&] {
    std::array<char, 65536> buffer;
    for (ssize_t size; (size = read(reader.get(), buffer.data(), buffer.size())) > 0;)
      read_back.append(buffer.data(), static_cast<std::size_t>(size));
  };
  drain();
  append("after");
  drain();
  EXPECT_EQ(file->lost(), 0U);
  std::vector<Json> lines;
  for (std::istringstream stream(read_back); stream.peek() != EOF;) {
    std::string line;
    std::getline(stream, line);
    lines.push_back(Json::parse(line));
  }
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(written) - 1 + 2);
  EXPECT_EQ(lines[lines.size() - 2]["lost"], 1);
  EXPECT_EQ(lines.back()["message"], "after");
}

TEST(PostlogPrefix, NamesTheSession) {
  namespace proto = global::postlog_proto;
  const std::string sent = proto::session_prefix("2f1a") + "Nov 21 21:07:05 mail a[1]: x";
  std::string_view record = sent;
  const std::string_view session = proto::take_session(record);
  EXPECT_EQ(session, "2f1a");
  EXPECT_EQ(Json::parse(json_record(record, kNow, session))["session"], "2f1a");
  EXPECT_EQ(proto::take_session(record), "");
  EXPECT_EQ(record, "Nov 21 21:07:05 mail a[1]: x");
  record = "session without end";
  EXPECT_EQ(proto::take_session(record), "");
}

}  // namespace
}  // namespace handoff::postlogd
