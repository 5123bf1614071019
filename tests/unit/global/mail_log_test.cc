#include "global/mail_log.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "support/files.h"
#include "support/log.h"
#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::global {
namespace {

using test::LogCapture;

// The log of the test run itself comes back afterwards.
class MailLog : public testing::Test {
 protected:
  void TearDown() override {
    LogCapture::install();
    msg::set_tag("unknown");
    for (const char* name : {"MAIL_LOGTAG", "POSTLOG_SERVICE", "POSTLOG_HOSTNAME"}) unsetenv(name);
  }

  util::Status open(std::vector<std::string> settings, LogRole role = LogRole::Daemon) {
    settings.push_back("myhostname=mx.example");
    settings.push_back("queue_directory=" + directory_.path());
    const auto config = Config::from_text("", {"/test", "smtp", {}, std::move(settings)});
    return try_open_log(*config, load_params(*config, "smtp"), "smtp", role);
  }
  [[nodiscard]] std::string log_file() const { return directory_.path("log"); }
  [[nodiscard]] std::string content() const { return directory_.read("log"); }

  test::TemporaryDirectory directory_;
};

TEST_F(MailLog, TheServerAppendsToTheFile) {
  ASSERT_TRUE(open({"maillog_file=" + log_file(), "maillog_file_prefixes=" + directory_.path(),
                    "syslog_name=mail"},
                   LogRole::Server));
  msg::info("first");
  msg::warn("second");
  EXPECT_NE(content().find(" mx mail/smtp["), std::string::npos) << content();
  EXPECT_NE(content().find("]: first\n"), std::string::npos);
  EXPECT_NE(content().find("]: warning: second\n"), std::string::npos);
}

TEST_F(MailLog, KeepersAppendWhileNobodyServesAndDaemonsDoNot) {
  const std::vector<std::string> settings{"maillog_file=" + log_file(),
                                          "maillog_file_prefixes=" + directory_.path()};
  ASSERT_TRUE(open(settings));
  msg::info("lost");
  EXPECT_EQ(content(), "");
  ASSERT_TRUE(open(settings, LogRole::Keeper));
  msg::info("kept");
  EXPECT_NE(content().find("]: kept\n"), std::string::npos);
}

TEST_F(MailLog, AFileThatNobodyCanWriteToStartsNothing) {
  LogCapture::expect("maillog_file = ");
  const std::vector<std::string> settings{"maillog_file=" + directory_.path("none/log"),
                                          "maillog_file_prefixes=" + directory_.path()};
  EXPECT_FALSE(open(settings, LogRole::Launcher));
  EXPECT_TRUE(open(settings, LogRole::Keeper));
  EXPECT_TRUE(open(settings));
}

TEST_F(MailLog, ALogWithASecondNameIsRefusedWithTheReason) {
  LogCapture::expect("maillog_file = ");
  const std::vector<std::string> settings{"maillog_file=" + log_file(),
                                          "maillog_file_prefixes=" + directory_.path()};
  ASSERT_TRUE(open(settings, LogRole::Launcher));
  ASSERT_EQ(link(log_file().c_str(), directory_.path("second").c_str()), 0);
  EXPECT_EQ(open(settings, LogRole::Launcher).error().what,
            "open " + log_file() + ": file has other hard links");
}

TEST_F(MailLog, APipeMayFindItsReaderLater) {
  ASSERT_EQ(mkfifo(log_file().c_str(), 0600), 0);
  EXPECT_TRUE(open({"maillog_file=" + log_file(), "maillog_file_prefixes=" + directory_.path()},
                   LogRole::Launcher));
  msg::info("nobody reads this");
}

TEST_F(MailLog, SyslogsLinesGoToPostlogdOnceMore) {
  ASSERT_EQ(mkdir(directory_.path("public").c_str(), 0700), 0);
  const auto postlogd = util::bind_unix_datagram(directory_.path("public/postlog"), 0600);
  ASSERT_TRUE(postlogd);
  std::array<char, 200> buffer;
  const auto received = [&] {
    const auto size = recv(postlogd->get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  };
  ASSERT_TRUE(open({"maillog_json_file=" + log_file()}));
  msg::info("hello");
  const std::string copy = received();
  EXPECT_TRUE(copy.starts_with("json: ") && copy.ends_with("]: hello")) << copy;
  ASSERT_TRUE(open({"maillog_json_file="}));
  msg::info("hello");
  EXPECT_EQ(received(), "");
}

TEST_F(MailLog, ChildrenLearnWhereToLog) {
  ASSERT_TRUE(open({"maillog_file=" + log_file(), "maillog_file_prefixes=" + directory_.path(),
                    "syslog_name=mail"}));
  EXPECT_STREQ(getenv("MAIL_LOGTAG"), "mail");
  EXPECT_EQ(getenv("POSTLOG_SERVICE"), directory_.path() + "/public/postlog");
  EXPECT_STREQ(getenv("POSTLOG_HOSTNAME"), "mx.example");
  ASSERT_TRUE(open({}));
  EXPECT_EQ(getenv("POSTLOG_SERVICE"), nullptr);
  EXPECT_EQ(getenv("POSTLOG_HOSTNAME"), nullptr);
}

TEST_F(MailLog, BeforeMainCfTheEnvironmentNamesTheTag) {
  setenv("POSTLOG_SERVICE", directory_.path("nobody").c_str(), 1);
  setenv("MAIL_LOGTAG", "post", 1);
  open_log_early("smtp", LogRole::Daemon);
  EXPECT_EQ(msg::tag(), "post/smtp");
  unsetenv("MAIL_LOGTAG");
  open_log_early("smtp", LogRole::Daemon);
  EXPECT_EQ(msg::tag(), "postfix/smtp");
}

TEST_F(MailLog, RefusesAFileThatIsNotAllowed) {
  LogCapture::expect(
      "command line: maillog_file = /etc/x: must begin with one of "
      "maillog_file_prefixes: /var, /dev/stdout");
  EXPECT_EQ(open({"maillog_file=/etc/x"}).error().what,
            "maillog_file value '/etc/x' does not match any prefix in maillog_file_prefixes");
}

TEST_F(MailLog, RefusesAnUnknownFacility) {
  LogCapture::expect("command line: syslog_facility = foo: must be mail, daemon");
  EXPECT_EQ(open({"syslog_facility=foo"}).error().what,
            "file /test/main.cf: parameter syslog_facility: unrecognized value: foo");
}

}  // namespace
}  // namespace handoff::global
