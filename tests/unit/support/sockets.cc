#include "support/sockets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace handoff::test {

namespace {

std::pair<util::UniqueFd, util::UniqueFd> pair_of(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) ADD_FAILURE() << "socketpair";
  return {util::UniqueFd(ends[0]), util::UniqueFd(ends[1])};
}

}  // namespace

std::pair<util::UniqueFd, util::UniqueFd> socket_pair() {
  return pair_of(SOCK_STREAM);
}

std::pair<util::UniqueFd, util::UniqueFd> packet_pair() {
  return pair_of(SOCK_SEQPACKET);
}

std::pair<util::UniqueFd, util::UniqueFd> pipe_pair() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) ADD_FAILURE() << "pipe2";
  return {util::UniqueFd(ends[0]), util::UniqueFd(ends[1])};
}

bool sees_eof(const util::UniqueFd& socket) {
  char byte;
  return recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void send_text(const util::UniqueFd& socket, const std::string& text) {
  const ssize_t sent = send(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  EXPECT_EQ(sent, static_cast<ssize_t>(text.size()));
}

void send_descriptors(const util::UniqueFd& socket, std::string data, const std::vector<int>& fds) {
  iovec part{.iov_base = data.data(), .iov_len = data.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(64 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  EXPECT_EQ(sendmsg(socket.get(), &message, 0), static_cast<ssize_t>(data.size()));
}

std::string received_text(const util::UniqueFd& socket) {
  std::string text;
  char buffer[4096];
  ssize_t bytes = 0;
  while ((bytes = recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
    text.append(buffer, static_cast<std::size_t>(bytes));
  return text;
}

}  // namespace handoff::test
