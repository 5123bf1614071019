#include "global/idle_watch.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <utility>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::global {
namespace {

bool is_socket(int fd) {
  struct stat about {};
  return fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
}

// Tells a hang-up from data: a peer that says 421 and closes is reported as both.
IdleWatch::Event event_of(int connection, std::uint32_t events) {
  if ((events & EPOLLIN) != 0) {
    char byte;
    const ssize_t bytes = recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (bytes > 0) return IdleWatch::Event::Data;
    if (bytes == 0) return IdleWatch::Event::Closed;
    return IdleWatch::Event::Error;
  }
  return (events & EPOLLERR) != 0 ? IdleWatch::Event::Error : IdleWatch::Event::Closed;
}

}  // namespace

IdleWatch::IdleWatch(util::Scheduler& scheduler, Call call)
    : call_(std::move(call)), set_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!set_) msg::fatal("epoll_create1: {}", util::errno_text(errno));
  watch_ = scheduler.readable(set_.get(), [this] { on_events(); });
}

bool IdleWatch::add(int connection, std::uint32_t tag) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.u64 = std::uint64_t{tag} << 32 | static_cast<std::uint32_t>(connection);
  return epoll_ctl(set_.get(), EPOLL_CTL_ADD, connection, &event) == 0;
}

void IdleWatch::remove(int connection) {
  (void)epoll_ctl(set_.get(), EPOLL_CTL_DEL, connection, nullptr);
}

// At most so many a turn, so that a server that hangs up on everybody does not delay everybody;
// whatever is left makes the set readable again.
void IdleWatch::on_events() {
  std::array<epoll_event, 64> events;
  const int ready = epoll_wait(set_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    on_event(event.data.u64, event.events);
  }
}

void IdleWatch::on_event(std::uint64_t key, std::uint32_t events) {
  const int connection = static_cast<int>(key & 0xffffffffU);
  if (!is_socket(connection)) return remove(connection);
  call_(static_cast<std::uint32_t>(key >> 32), connection, event_of(connection, events));
}

}  // namespace handoff::global
