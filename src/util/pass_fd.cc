#include "util/pass_fd.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace handoff::util {
namespace {

constexpr std::size_t kUsualRoom = 8;  // descriptors; more are lost, and that is noticed

void take_descriptors(msghdr& message, std::vector<UniqueFd>& into) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      into.emplace_back(fd);
    }
  }
}

template <std::size_t kRoom>
Result<Received> receive_with(int socket, std::span<char> buffer, int flags) {
  iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kRoom * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();

  ssize_t bytes = 0;
  while ((bytes = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC)) < 0) {
    if (errno != EINTR) return Error::system("recvmsg", errno);
  }
  Received received;
  received.bytes = static_cast<std::size_t>(bytes);
  received.truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  received.cut = (message.msg_flags & MSG_TRUNC) != 0;
  take_descriptors(message, received.descriptors);
  return received;
}

template <std::size_t kRoom>
Status send_with(int socket, std::string_view bytes, std::span<const int> fds, int flags) {
  iovec data{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kRoom * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  while (sendmsg(socket, &message, flags | MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return Error::system("sendmsg", errno);
  }
  return {};
}

// None for -1.
std::span<const int> at_most_one(const int& fd) {
  return {&fd, fd < 0 ? 0U : 1U};
}

}  // namespace

Status send_fd(int socket, int fd) {
  return send_packet(socket, {"\0", 1}, fd);
}

Status send_fds(int socket, std::span<const int> fds) {
  return send_with<kFdsAtOnce>(socket, {"\0", 1}, fds, MSG_DONTWAIT);
}

Status send_packet(int socket, std::string_view bytes, int fd) {
  return send_with<1>(socket, bytes, at_most_one(fd), MSG_DONTWAIT);
}

Status send_packet_patiently(int socket, std::string_view bytes, int fd) {
  return send_with<1>(socket, bytes, at_most_one(fd), 0);
}

Result<Received> receive(int socket, std::span<char> buffer) {
  return receive_with<kUsualRoom>(socket, buffer, MSG_DONTWAIT);
}

Result<Received> receive_many(int socket, std::span<char> buffer) {
  return receive_with<kFdsAtOnce>(socket, buffer, MSG_DONTWAIT);
}

Result<Received> receive_patiently(int socket, std::span<char> buffer) {
  return receive_with<kUsualRoom>(socket, buffer, 0);
}

Result<UniqueFd> exactly_one(Received received) {
  if (received.bytes == 0)
    return Error::closed("connection closed where a descriptor was expected");
  if (received.truncated) return Error::protocol("a descriptor was lost in transit");
  if (received.descriptors.empty()) return Error::protocol("no descriptor came with the byte");
  if (received.descriptors.size() > 1)
    return Error::protocol("more than one descriptor came with the byte");
  return std::move(received.descriptors.front());
}

Result<UniqueFd> receive_fd(int socket) {
  char byte = 0;
  auto received = receive(socket, {&byte, 1});
  if (!received) return std::move(received).error();
  return exactly_one(*std::move(received));
}

}  // namespace handoff::util
