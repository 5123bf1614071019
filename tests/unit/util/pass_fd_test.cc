#include "util/pass_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "support/sockets.h"

namespace handoff::util {
namespace {

using test::send_descriptors;
using test::socket_pair;

TEST(PassFd, MovesADescriptorThatSurvivesItsSender) {
  auto [left, right] = socket_pair();
  auto [remote, connection] = socket_pair();
  ASSERT_TRUE(send_fd(left.get(), connection.get()));
  connection.reset();
  auto received = receive_fd(right.get());
  ASSERT_TRUE(received);
  EXPECT_EQ(fcntl(received->get(), F_GETFD), FD_CLOEXEC);
  test::send_text(*received, "still there");
  EXPECT_EQ(test::received_text(remote), "still there");
}

TEST(PassFd, SendsTheBytesThatStockExpects) {
  auto [left, right] = socket_pair();
  ASSERT_TRUE(send_fd(left.get(), left.get()));
  char data[8];
  alignas(cmsghdr) char control[64];
  iovec part{.iov_base = data, .iov_len = sizeof data};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ASSERT_EQ(recvmsg(right.get(), &message, MSG_CMSG_CLOEXEC), 1);
  EXPECT_EQ(data[0], '\0');
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  EXPECT_EQ(header->cmsg_len, CMSG_LEN(sizeof(int)));
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  const UniqueFd owned(fd);
}

TEST(PassFd, SendsAPacketWithItsDescriptorOrWithout) {
  auto [left, right] = test::packet_pair();
  ASSERT_TRUE(send_packet(left.get(), "with", left.get()));
  ASSERT_TRUE(send_packet_patiently(left.get(), "without", -1));
  char data[4];
  const auto with = receive(right.get(), data);
  ASSERT_TRUE(with);
  EXPECT_EQ(with->bytes, 4U);
  EXPECT_EQ(with->descriptors.size(), 1U);
  EXPECT_FALSE(with->cut);
  const auto without = receive(right.get(), data);
  ASSERT_TRUE(without);
  EXPECT_TRUE(without->descriptors.empty());
  EXPECT_TRUE(without->cut);
}

TEST(PassFd, TellsThatThereIsNoRoom) {
  auto [left, right] = test::packet_pair();
  Status sent;
  while (sent) sent = send_packet(left.get(), std::string(10'000, 'x'), -1);
  EXPECT_EQ(sent.error().code, EAGAIN);
  EXPECT_EQ(send_packet(left.get(), std::string(10'000'000, 'x'), -1).error().code, EMSGSIZE);
}

TEST(PassFd, RefusesAByteWithoutADescriptor) {
  auto [left, right] = socket_pair();
  test::send_text(left, "x");
  EXPECT_EQ(receive_fd(right.get()).error().kind, Error::Kind::Protocol);
}

TEST(PassFd, RefusesAndClosesSeveralDescriptors) {
  auto [left, right] = socket_pair();
  auto [remote, connection] = socket_pair();
  send_descriptors(left, std::string(1, '\0'), {connection.get(), connection.get()});
  connection.reset();
  EXPECT_EQ(receive_fd(right.get()).error().kind, Error::Kind::Protocol);
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST(PassFd, NoticesThatDescriptorsWereLost) {
  auto [left, right] = socket_pair();
  send_descriptors(left, std::string(1, '\0'), std::vector<int>(20, left.get()));
  EXPECT_EQ(receive_fd(right.get()).error().kind, Error::Kind::Protocol);
}

TEST(PassFd, TellsEndOfFileAndNothingYetApart) {
  auto [left, right] = socket_pair();
  EXPECT_EQ(receive_fd(right.get()).error().code, EAGAIN);
  left.reset();
  EXPECT_EQ(receive_fd(right.get()).error().kind, Error::Kind::Closed);
}

TEST(PassFd, MovesManyAtOnce) {
  auto [left, right] = socket_pair();
  auto [remote, connection] = socket_pair();
  const std::vector<int> many(kFdsAtOnce, connection.get());
  ASSERT_TRUE(send_fds(left.get(), many));
  connection.reset();
  char byte = 1;
  {
    const auto received = receive_many(right.get(), {&byte, 1});
    ASSERT_TRUE(received);
    EXPECT_EQ(received->descriptors.size(), kFdsAtOnce);
    EXPECT_FALSE(received->truncated);
    EXPECT_FALSE(test::sees_eof(remote));
  }
  EXPECT_TRUE(test::sees_eof(remote));
}

}  // namespace
}  // namespace handoff::util
