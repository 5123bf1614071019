#include "service/exclusive_wait.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::service {
namespace {

constexpr std::size_t kStatusTag = std::numeric_limits<std::size_t>::max();

int to_timeout(std::optional<std::chrono::milliseconds> limit) {
  if (!limit) return -1;
  constexpr std::chrono::milliseconds::rep kLongest = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(limit->count(), 0, kLongest));
}

}  // namespace

ExclusiveWait::ExclusiveWait(std::span<const util::UniqueFd> listeners, int status_fd)
    : set_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!set_) msg::fatal("epoll_create1: {}", util::errno_text(errno));
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    add(listeners[i].get(), EPOLLIN | EPOLLEXCLUSIVE, i);
  }
  if (status_fd >= 0) add(status_fd, EPOLLIN, kStatusTag);
}

void ExclusiveWait::add(int fd, unsigned events, std::size_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (epoll_ctl(set_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    msg::fatal("epoll_ctl {}: {}", fd, util::errno_text(errno));
  }
}

ExclusiveWait::Wake ExclusiveWait::wait(std::optional<std::chrono::milliseconds> limit) {
  std::array<epoll_event, 2> events{};
  const int ready = epoll_wait(set_.get(), events.data(), events.size(), to_timeout(limit));
  if (ready < 0 && errno != EINTR) msg::fatal("epoll_wait: {}", util::errno_text(errno));
  Wake wake;
  for (int i = 0; i < ready; ++i) {
    const std::size_t tag = events[static_cast<std::size_t>(i)].data.u64;
    if (tag == kStatusTag) {
      wake.master_gone = true;
    } else {
      wake.listener = tag;
    }
  }
  return wake;
}

}  // namespace handoff::service
