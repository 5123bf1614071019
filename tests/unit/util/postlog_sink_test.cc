#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/files.h"
#include "util/msg.h"
#include "util/postlog_child.h"
#include "util/postlog_copies.h"
#include "util/postlog_prefix.h"
#include "util/sockets.h"

namespace handoff::util {
namespace {

using Texts = std::vector<std::string>;

class Fallback : public msg::Sink {
 public:
  explicit Fallback(Texts& texts) : texts_(texts) {}
  void write(msg::Level, std::string_view, std::string_view text) noexcept override {
    texts_.emplace_back(text);
  }

 private:
  Texts& texts_;
};

Texts numbers(int first, int end) {
  Texts texts;
  for (int i = first; i < end; ++i) texts.push_back(std::to_string(i));
  return texts;
}

// A postlogd that reads when it is told to.
class PostlogSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    auto socket = bind_unix_datagram(directory_.path("postlog"), 0600);
    ASSERT_TRUE(socket);
    postlogd_ = *std::move(socket);
  }

  std::unique_ptr<msg::Sink> sink() {
    return msg::postlog_sink(directory_.path("postlog"), "host", msg::Patience::Brief, nullptr);
  }

  // As of master, which has to start it.
  std::unique_ptr<msg::Sink> impatient_sink() {
    return msg::postlog_sink(directory_.path("postlog"), "host", msg::Patience::None,
                             std::make_unique<Fallback>(elsewhere_));
  }

  // The texts of the datagrams that wait.
  std::vector<std::string> read_all() {
    std::vector<std::string> texts;
    std::array<char, 4096> buffer;
    for (ssize_t size;
         (size = recv(postlogd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) {
      const std::string record(buffer.data(), static_cast<std::size_t>(size));
      texts.push_back(record.substr(record.find("]: ") + 3));
    }
    return texts;
  }

  static void write(msg::Sink& sink, int first, int end) {
    for (int i = first; i < end; ++i) sink.write(msg::Level::Info, "tag", std::to_string(i));
  }

  test::TemporaryDirectory directory_;
  UniqueFd postlogd_;
  Texts elsewhere_;
};

TEST_F(PostlogSinkTest, WaitsOnceAndBrieflyForAPostlogdThatDoesNotRead) {
  using namespace std::chrono_literals;
  const auto log = sink();
  const auto begin = std::chrono::steady_clock::now();
  write(*log, 0, 800);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  std::vector<std::string> texts;
  for (int i = 800; texts.size() < 801 && i < 2000; ++i) {
    for (std::string& text : read_all()) texts.push_back(std::move(text));
    write(*log, i, i + 1);
  }
  ASSERT_GE(texts.size(), 801U);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], std::to_string(i));
}

TEST_F(PostlogSinkTest, TellsWhatItCouldNotKeep) {
  const auto log = sink();
  write(*log, 0, 5000);
  std::vector<std::string> texts = read_all();
  const std::size_t taken = texts.size();
  log->flush();
  texts = read_all();
  ASSERT_FALSE(texts.empty());
  const std::size_t lost = 5000 - 1000 - taken;
  EXPECT_EQ(texts[0],
            "warning: " + std::to_string(lost) + " lines were lost: the log did not take them");
  EXPECT_EQ(texts[1], std::to_string(taken + lost));
}

TEST_F(PostlogSinkTest, ForgetsThemWhenPostlogdHasGone) {
  const auto log = sink();
  write(*log, 0, 50);
  postlogd_.reset();
  write(*log, 50, 60);
  SetUp();
  write(*log, 60, 61);
  log->flush();
  EXPECT_EQ(read_all(), std::vector<std::string>{"60"});
}

TEST_F(PostlogSinkTest, OffersThemWithoutWaiting) {
  const auto log = sink();
  write(*log, 0, 30);
  std::vector<std::string> texts = read_all();
  const std::size_t taken = texts.size();
  ASSERT_LT(taken, 30U);
  while (log->has_waiting()) {
    log->offer();
    const std::vector<std::string> more = read_all();
    ASSERT_FALSE(more.empty());
    texts.insert(texts.end(), more.begin(), more.end());
  }
  EXPECT_EQ(texts.size(), 30U);
  EXPECT_EQ(texts.back(), "29");
}

TEST_F(PostlogSinkTest, AFullQueueIsNoReasonToWriteElsewhere) {
  const auto log = impatient_sink();
  write(*log, 0, 30);
  Texts texts;
  do {
    for (std::string& text : read_all()) texts.push_back(std::move(text));
    log->offer();
  } while (log->has_waiting());
  for (std::string& text : read_all()) texts.push_back(std::move(text));
  EXPECT_EQ(texts, numbers(0, 30));
  EXPECT_EQ(elsewhere_, Texts());
}

TEST_F(PostlogSinkTest, WhatItWillNotTakeGoesElsewhereInOrder) {
  const auto log = impatient_sink();
  write(*log, 0, 30);
  const int taken = static_cast<int>(read_all().size());
  postlogd_.reset();
  write(*log, 30, 32);
  EXPECT_EQ(elsewhere_, numbers(taken, 32));
  EXPECT_EQ(log->lost(), 0U);
}

TEST_F(PostlogSinkTest, WhatIsLeftAtTheEndGoesElsewhere) {
  auto log = impatient_sink();
  write(*log, 0, 1500);  // more than it keeps
  log->flush();
  const int taken = static_cast<int>(read_all().size());
  EXPECT_EQ(elsewhere_, numbers(taken, 1500));
  write(*log, 1500, 1600);
  log.reset();
  EXPECT_EQ(elsewhere_.back(), "1599");
  EXPECT_EQ(elsewhere_.size() + read_all().size() + static_cast<std::size_t>(taken), 1600U);
}

TEST_F(PostlogSinkTest, AChildSaysItsOwnLinesOnly) {
  const auto log = impatient_sink();
  write(*log, 0, 30);
  const int taken = static_cast<int>(read_all().size());
  msg::leave_waiting_to_parent();  // as if this were one
  write(*log, 30, 31);
  log->flush();
  EXPECT_LT(taken, 30);
  EXPECT_EQ(read_all(), Texts{"30"});
}

TEST_F(PostlogSinkTest, CountsWhatNobodyTook) {
  const auto log = sink();
  postlogd_.reset();
  write(*log, 0, 3);
  EXPECT_EQ(log->lost(), 3U);
}

TEST_F(PostlogSinkTest, SaysThemBeforeItIsTerminated) {
  const pid_t child = fork();
  if (child == 0) {
    const auto log = sink();
    write(*log, 0, 30);
    raise(SIGTERM);
    _exit(1);
  }
  std::vector<std::string> texts;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    for (std::string& text : read_all()) texts.push_back(std::move(text));
  }
  for (std::string& text : read_all()) texts.push_back(std::move(text));
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  ASSERT_EQ(texts.size(), 30U);
  EXPECT_EQ(texts.back(), "29");
}

TEST_F(PostlogSinkTest, MarksCopiesAndTellsThePrefix) {
  const auto log =
      msg::postlog_copies(directory_.path("postlog"), "host", "copy: ", msg::Patience::Brief);
  {
    const msg::PostlogPrefix prefix("about x: ");
    write(*log, 0, 1);
  }
  write(*log, 1, 2);
  std::array<char, 200> buffer;
  const auto received = [&] {
    const auto size = recv(postlogd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return std::string(buffer.data(), static_cast<std::size_t>(size));
  };
  EXPECT_TRUE(received().starts_with("copy: about x: "));
  const std::string second = received();
  EXPECT_TRUE(second.starts_with("copy: ") && second.find("about") == std::string::npos) << second;
}

}  // namespace
}  // namespace handoff::util
