#include "postlogd/record.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

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
  auto file = LogFile::open(directory.path("log"), LogFile::FullPipe::Wait);
  ASSERT_TRUE(file);
  for (const char* line : {"second", "two\nlines"})
    file->append(line, [](auto) { return std::string("lost"); });
  EXPECT_EQ(directory.read("log"), "first\nsecond\ntwo\nlines\n");
}

// A full disk, from where a file may not grow beyond a limit.
TEST(LogFile, SaysWhatAFullDiskDidNotTake) {
  const test::TemporaryDirectory directory;
  const pid_t child = fork();
  if (child == 0) {
    (void)std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{.rlim_cur = 12, .rlim_max = RLIM_INFINITY};
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    auto file = LogFile::open(directory.path("log"), LogFile::FullPipe::Wait);
    const auto append = [&](const char* line) {
      file->append(line, [](auto count) { return std::to_string(count) + " lost"; });
    };
    for (const char* line : {"first", "second", "third", "fourth"}) append(line);
    limit.rlim_cur = RLIM_INFINITY;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    append("fifth");
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(directory.read("log"), "first\nsecond\n2 lost\nfifth\n");
}

TEST(LogFile, IsNoLinkAndNoDirectory) {
  const test::TemporaryDirectory directory;
  EXPECT_FALSE(LogFile::open(directory.path(), LogFile::FullPipe::Wait));
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  std::filesystem::create_symlink(directory.path("elsewhere"), directory.path("link"));
  EXPECT_FALSE(LogFile::open(directory.path("link"), LogFile::FullPipe::Wait));
}

}  // namespace
}  // namespace handoff::postlogd
