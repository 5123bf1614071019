#include "service/relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <span>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::service {
namespace {

bool write_all(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// Carries what is there now; false at end-of-file or when the other side takes no more.
bool carry(int from, int to) {
  std::array<char, 16384> buffer;
  const auto bytes = ::read(from, buffer.data(), buffer.size());
  if (bytes < 0) return errno == EINTR;
  return bytes > 0 && write_all(to, {buffer.data(), static_cast<std::size_t>(bytes)});
}

// The child's life. End-of-file on standard input is passed on; the daemon's ends it.
void carry_both_ways(int daemon) {
  std::array<pollfd, 2> ends = {pollfd{daemon, POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
  while (true) {
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return;
    if (ends[0].revents != 0 && !carry(daemon, STDOUT_FILENO)) return;
    if (ends[1].revents != 0 && !carry(STDIN_FILENO, daemon)) {
      (void)shutdown(daemon, SHUT_WR);
      ends[1].fd = -1;
    }
  }
}

}  // namespace

Relay::Relay() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    msg::fatal("socketpair: {}", util::errno_text(errno));
  }
  client_.reset(ends[0]);
  const util::UniqueFd theirs(ends[1]);
  child_ = fork();
  if (child_ < 0) msg::fatal("fork: {}", util::errno_text(errno));
  if (child_ > 0) return;
  client_.reset();
  carry_both_ways(theirs.get());
  _exit(0);
}

Relay::~Relay() {
  client_.reset();
  (void)waitpid(child_, nullptr, 0);
}

}  // namespace handoff::service
