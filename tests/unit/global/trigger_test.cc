#include "global/trigger.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/files.h"
#include "support/log.h"
#include "util/sockets.h"
#include "util/stream.h"

namespace handoff::global {
namespace {

using std::chrono_literals::operator""s;

TEST(Trigger, WritesTheRequestsAndANul) {
  const test::WorkingDirectory directory;
  const auto listener = util::listen_unix("qmgr", 5, 0600);
  ASSERT_TRUE(send_trigger("qmgr", "FADI", 1s));
  auto client = util::accept_connection(listener->get());
  util::Stream stream(*std::move(client), "test", 1s);
  EXPECT_EQ(*stream.read_exactly(5), std::string("FADI\0", 5));
  EXPECT_EQ(stream.peek().error().kind, util::Error::Kind::Closed);
}

TEST(Trigger, WritesToAFifo) {
  const test::WorkingDirectory directory;
  ASSERT_EQ(mkfifo("pickup", 0600), 0);
  const util::UniqueFd reader(open("pickup", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(send_trigger("pickup", "W", 1s));
  char byte = 0;
  EXPECT_EQ(read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'W');
}

TEST(Trigger, SaysWhatIsWrong) {
  const test::WorkingDirectory directory;
  EXPECT_EQ(send_trigger("none", "W", 1s).error().what,
            "unable to look up none: No such file or directory");
  std::ofstream("file") << "x";
  EXPECT_FALSE(send_trigger("file", "W", 1s));
  ASSERT_EQ(mkfifo("fifo", 0600), 0);
  EXPECT_FALSE(send_trigger("fifo", "W", 1s));
  { const auto listener = util::listen_unix("dead", 5, 0600); }
  EXPECT_EQ(send_trigger("dead", "W", 1s).error().code, ECONNREFUSED);
}

TEST(Trigger, AServiceThatIsNotThereIsWorthAWarning) {
  const test::WorkingDirectory directory;
  test::LogCapture::expect("unable to look up public/qmgr: No such file or directory");
  trigger_service("public", "qmgr", "W", 1s);
  EXPECT_EQ(test::LogCapture::lines().size(), 1U);
}

}  // namespace
}  // namespace handoff::global
