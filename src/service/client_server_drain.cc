// To let a successor take over while the present clients stay, the process forks. Master sees its
// child, the parent, end normally, and starts a successor for the next client; the child goes on
// outside of master's books, but in its process group, so that "postfix stop" still ends it.
//
// The epoll set is shared between the two until the child makes one of its own; handles must not be
// touched before. Timers and the clients' watches survive, those of listeners and master must not:
// the successor owns them now.
#include <unistd.h>

#include <cerrno>

#include "service/client_server.h"
#include "util/msg.h"

namespace handoff::service {
namespace {

constexpr int kForkAttempts = 5;
constexpr unsigned kForkPause = 1;  // seconds

}  // namespace

// Outside of the loop's callbacks. Only the child comes back.
void ClientServer::drain() {
  for (int attempt = 1;; ++attempt) {
    const pid_t child = fork();
    if (child > 0) _exit(0);
    if (child == 0) break;
    if (attempt == kForkAttempts) msg::fatal("fork: {}", util::errno_text(errno));
    msg::warn("fork: {}", util::errno_text(errno));
    sleep(kForkPause);
  }
  go_on_alone();
}

void ClientServer::go_on_alone() {
  loop_.after_fork();
  stage_ = Stage::Draining;
  watches_.clear();
  pause_.cancel();
  passing_.clear();
  listeners_.clear();
  master_.cancel();
  retirement_.cancel();
  idle_.cancel();
  status_.retire();
  start_watchdog(mode_.watchdog);  // alarms are not inherited
  show_progress();
  if (mode_.on_drain) mode_.on_drain();
}

}  // namespace handoff::service
