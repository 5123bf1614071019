#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "support/files.h"
#include "util/append_file.h"
#include "util/msg.h"
#include "util/unique_fd.h"

namespace handoff::util {
namespace {

// A log file that is a FIFO.
class LogPipe : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0); }

  void open_reader() { reader_.reset(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)); }
  std::string read_all() {
    std::string text;
    std::array<char, 65536> buffer;
    for (ssize_t size; (size = read(reader_.get(), buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(size));
    return text;
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path("pipe");
  UniqueFd reader_;
};

TEST_F(LogPipe, WithoutAReaderLosesLines) {
  const auto log = msg::file_sink(path_, "host");
  log->write(msg::Level::Info, "tag", "lost");
  EXPECT_EQ(log->lost(), 1U);
  open_reader();
  log->write(msg::Level::Info, "tag", "kept");
  EXPECT_TRUE(read_all().ends_with("]: kept\n"));
  EXPECT_EQ(log->lost(), 1U);
}

TEST_F(LogPipe, WithAReaderThatHasStalledLosesWholeLines) {
  open_reader();
  const auto log = msg::file_sink(path_, "host");
  const std::string text(1999, 'x');
  int written = 0;
  for (; log->lost() < 3; ++written) log->write(msg::Level::Info, "tag", text);
  const std::string all = read_all();
  EXPECT_TRUE(all.ends_with("]: " + text + "\n"));
  EXPECT_EQ(std::ranges::count(all, '\n'), written - 3);
  log->write(msg::Level::Info, "tag", "again");
  EXPECT_TRUE(read_all().ends_with("]: again\n"));
}

TEST_F(LogPipe, MayFindItsReaderLater) {
  EXPECT_EQ(open_for_append(path_).error().code, ENXIO);
  const auto pipe = open_for_append(path_, Reader::Later);
  ASSERT_TRUE(pipe);
  (void)std::signal(SIGPIPE, SIG_IGN);
  EXPECT_LT(write(pipe->get(), "x", 1), 0);
  (void)std::signal(SIGPIPE, SIG_DFL);
  open_reader();
  EXPECT_EQ(write(pipe->get(), "x", 1), 1);
  EXPECT_EQ(read_all(), "x");
}

}  // namespace
}  // namespace handoff::util
