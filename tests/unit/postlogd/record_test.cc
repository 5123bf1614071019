#include "postlogd/record.h"

#include <gtest/gtest.h>
#include <syslog.h>

#include <filesystem>

#include "postlogd/log_file.h"
#include "support/files.h"

namespace handoff::postlogd {
namespace {

TEST(Record, IsTakenApart) {
  const auto record = parse_record("Nov  1 21:07:05 mail postfix/smtp[123]: warning: a  b");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->sender, "postfix/smtp[123]");
  EXPECT_EQ(record->text, "warning: a  b");
}

TEST(Record, MayBeNone) {
  for (const char* text : {"", "Nov 21", "Nov 21 21:07:05 mail", "Nov 21 21:07:05 mail smtp: x",
                           "hello, this is no record at all"}) {
    EXPECT_FALSE(parse_record(text)) << text;
  }
}

TEST(Record, HasALevel) {
  EXPECT_EQ(syslog_level("hello"), LOG_INFO);
  EXPECT_EQ(syslog_level("warning: x"), LOG_WARNING);
  EXPECT_EQ(syslog_level("error: x"), LOG_ERR);
  EXPECT_EQ(syslog_level("fatal: x"), LOG_CRIT);
  EXPECT_EQ(syslog_level("panic: x"), LOG_CRIT);
}

TEST(LogFile, GetsALineForEachRecord) {
  const test::TemporaryDirectory directory;
  directory.write("log", "first\n");
  auto file = LogFile::open(directory.path("log"));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->append("second"));
  EXPECT_TRUE(file->append("two\nlines"));
  EXPECT_EQ(directory.read("log"), "first\nsecond\ntwo\nlines\n");
}

TEST(LogFile, IsNoLinkAndNoDirectory) {
  const test::TemporaryDirectory directory;
  EXPECT_FALSE(LogFile::open(directory.path()));
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  std::filesystem::create_symlink(directory.path("elsewhere"), directory.path("link"));
  EXPECT_FALSE(LogFile::open(directory.path("link")));
}

}  // namespace
}  // namespace handoff::postlogd
