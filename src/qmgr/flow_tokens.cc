#include "qmgr/flow_tokens.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace handoff::qmgr {

namespace {

bool is_nonblocking_pipe(int fd) {
  struct stat attributes {};
  if (fstat(fd, &attributes) < 0 || !S_ISFIFO(attributes.st_mode)) return false;
  return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

using Buffer = std::array<char, 512>;

}  // namespace

FlowTokens::FlowTokens(int read_fd, int write_fd, int limit)
    : read_fd_(read_fd),
      write_fd_(write_fd),
      limit_(is_nonblocking_pipe(read_fd) && is_nonblocking_pipe(write_fd) ? limit : 0) {}

void FlowTokens::balance(bool took_incoming, bool scanning_incoming) {
  int tokens = 0;
  if (limit_ == 0 || ioctl(read_fd_, FIONREAD, &tokens) < 0) return;
  if (tokens > limit_)
    take(tokens - limit_);
  else if (tokens < limit_ && took_incoming)
    put(1);
  else if (tokens < limit_ && !scanning_incoming)
    put(limit_ - tokens);
}

// Others read and write, too: whatever the pipe takes or gives is fine.
void FlowTokens::put(int count) {
  const Buffer tokens{};
  while (count > 0) {
    const auto size = std::min<std::size_t>(static_cast<std::size_t>(count), tokens.size());
    const ssize_t written = ::write(write_fd_, tokens.data(), size);
    if (written <= 0) return;
    count -= static_cast<int>(written);
  }
}

void FlowTokens::take(int count) {
  Buffer tokens;
  while (count > 0) {
    const auto size = std::min<std::size_t>(static_cast<std::size_t>(count), tokens.size());
    const ssize_t got = ::read(read_fd_, tokens.data(), size);
    if (got <= 0) return;
    count -= static_cast<int>(got);
  }
}

}  // namespace handoff::qmgr
