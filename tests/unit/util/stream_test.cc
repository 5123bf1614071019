#include "util/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/sockets.h"

namespace handoff::util {
namespace {

using namespace std::chrono_literals;

struct StreamTest : testing::Test {
  std::pair<UniqueFd, UniqueFd> ends = test::socket_pair();
  UniqueFd& remote = ends.first;
  Stream stream{std::move(ends.second), "test socket", 10s};
};

TEST_F(StreamTest, ReadsWhatIsThereAndKeepsTheRest) {
  test::send_text(remote, "one\ntwo\nthr");
  EXPECT_EQ(*stream.read_through('\n', 100), "one\n");
  EXPECT_EQ(*stream.read_exactly(2), "tw");
  EXPECT_EQ(stream.unread(), "o\nthr");
}

TEST_F(StreamTest, FlushesBeforeItWaitsForTheAnswer) {
  EXPECT_TRUE(stream.write("question"));
  EXPECT_EQ(test::received_text(remote), "");
  test::send_text(remote, "a");
  EXPECT_TRUE(stream.peek());
  EXPECT_EQ(test::received_text(remote), "question");
}

TEST_F(StreamTest, NeverWritesPartOfALineThatIsTooLong) {
  test::send_text(remote, "abcdefgh\n");
  EXPECT_EQ(stream.read_through('\n', 5).error().kind, Error::Kind::Limit);
}

TEST_F(StreamTest, TellsEndOfFileFromSilence) {
  stream.set_limit(1ms);
  const auto silence = stream.peek();
  EXPECT_EQ(silence.error().kind, Error::Kind::Timeout);
  EXPECT_TRUE(stream.failed());

  auto [other, ours] = test::socket_pair();
  Stream closed(std::move(ours), "test socket", 10s);
  other.reset();
  EXPECT_EQ(closed.peek().error().kind, Error::Kind::Closed);
}

TEST_F(StreamTest, KnowsThatThePeerHasGoneBeforeAllIsRead) {
  test::send_text(remote, "last words");
  EXPECT_FALSE(stream.hung_up());
  shutdown(remote.get(), SHUT_WR);
  EXPECT_FALSE(stream.hung_up());
  remote.reset();
  EXPECT_TRUE(stream.hung_up());
  EXPECT_EQ(*stream.read_exactly(10), "last words");
}

TEST_F(StreamTest, StaysFailed) {
  remote.reset();
  EXPECT_FALSE(stream.peek());
  EXPECT_FALSE(stream.write("x"));
  EXPECT_FALSE(stream.flush());
}

// The kernel hands out the byte together with the ones before it.
TEST_F(StreamTest, KeepsADescriptorThatAReadTookTooEarly) {
  auto [peer, connection] = test::socket_pair();
  test::send_text(remote, "text");
  ASSERT_TRUE(send_fd(remote.get(), connection.get()));
  connection.reset();
  EXPECT_EQ(*stream.read_exactly(4), "text");
  auto received = stream.receive_fd();
  ASSERT_TRUE(received);
  test::send_text(*received, "alive");
  EXPECT_EQ(test::received_text(peer), "alive");
}

TEST_F(StreamTest, ClosesADescriptorThatNobodyAskedFor) {
  auto [peer, connection] = test::socket_pair();
  ASSERT_TRUE(send_fd(remote.get(), connection.get()));
  connection.reset();
  ASSERT_TRUE(stream.peek());
  EXPECT_EQ(stream.stray_descriptors(), 1u);
  stream.consume(1);
  EXPECT_TRUE(test::sees_eof(peer));
}

TEST_F(StreamTest, GivesItsDescriptorUpWithoutClosingIt) {
  {
    const UniqueFd released = stream.release();
    EXPECT_FALSE(test::sees_eof(remote));
  }
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST(Stream, WorksOnPipes) {
  auto [reading, writing] = test::pipe_pair();
  Stream out(std::move(writing), "pipe", 10s);
  Stream in(std::move(reading), "pipe", 10s);
  const std::string text(50'000, 'x');
  ASSERT_TRUE(out.write(text));
  ASSERT_TRUE(out.flush());
  EXPECT_EQ(*in.read_exactly(text.size()), text);
  (void)out.release();
  EXPECT_EQ(in.peek().error().kind, Error::Kind::Closed);
}

}  // namespace
}  // namespace handoff::util
