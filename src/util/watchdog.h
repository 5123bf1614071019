// watchdog.h - ends a process that has stopped making progress.
//
// Owns SIGALRM. The owner calls restart() at each turn of its main loop; when that has not
// happened for `limit`, "watchdog timeout" is logged and the process exits with status 1
// (spec/master.md 4.8), or is killed by the kernel where even that hangs.
#pragma once

#include <chrono>

namespace handoff::util {

class Watchdog {
 public:
  // At least 1 s. One a process.
  explicit Watchdog(std::chrono::seconds limit);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Counts from now. Costs no system call while the alarm that is set is young enough.
  void restart();
  // No limit until restart(): for waits that may take as long as they like.
  void stop();

 private:
  std::chrono::milliseconds third_;
  bool running_ = false;
};

}  // namespace handoff::util
