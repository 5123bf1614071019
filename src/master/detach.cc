#include "master/detach.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::master {
namespace {

using util::UniqueFd;

constexpr std::chrono::seconds kInitializationLimit{100};

// Both directions, as daemons are used to.
void replace_by_null(int target) {
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) msg::fatal("open /dev/null: {}", util::errno_text(errno));
  if (dup2(null.get(), target) < 0) msg::fatal("dup2: {}", util::errno_text(errno));
}

[[noreturn]] void wait_for_child(const UniqueFd& child) {
  char byte = 0;
  const auto ready = util::wait_readable(child.get(), kInitializationLimit);
  if (!ready || !*ready || read(child.get(), &byte, 1) != 1) {
    msg::fatal("daemon initialization failure -- see logs for details");
  }
  _exit(EXIT_SUCCESS);
}

}  // namespace

void close_inherited_descriptors() {
  if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
    msg::fatal("close_range: {}", util::errno_text(errno));
  }
}

UniqueFd fork_and_wait() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) msg::fatal("pipe: {}", util::errno_text(errno));
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) msg::fatal("fork: {}", util::errno_text(errno));
  if (child == 0) return write_end;
  write_end.reset();
  wait_for_child(read_end);
}

void announce_ready(UniqueFd parent) {
  if (parent) (void)!write(parent.get(), "", 1);  // it may have lost patience
}

void leave_standard_input() {
  replace_by_null(STDIN_FILENO);
}

void leave_standard_output() {
  replace_by_null(STDOUT_FILENO);
}

void leave_standard_error() {
  replace_by_null(STDERR_FILENO);
}

// Who leads a process group cannot begin a session, but has what we need.
void become_session_leader() {
  if (setsid() < 0 && getpgrp() != getpid()) {
    msg::fatal("unable to set session and process group ID: {}", util::errno_text(errno));
  }
}

void lead_process_group() {
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) (void)setpgid(0, 0);  // who leads a session has one already
}

}  // namespace handoff::master
