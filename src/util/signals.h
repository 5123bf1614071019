// signals.h - the signals that wait until this process is ready for them.
#pragma once

#include <csignal>

namespace handoff::util {

// Holds a signal back as long as it lives.
class HeldBack {
 public:
  explicit HeldBack(int signal) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, signal);
    (void)sigprocmask(SIG_BLOCK, &set, &before_);
  }
  ~HeldBack() { (void)sigprocmask(SIG_SETMASK, &before_, nullptr); }
  HeldBack(const HeldBack&) = delete;
  HeldBack& operator=(const HeldBack&) = delete;

 private:
  sigset_t before_{};
};

// Whether it was held back here or by whoever started this process; may be called in a signal
// handler.
inline void let_in(int signal) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, signal);
  (void)sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace handoff::util
