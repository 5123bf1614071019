// scheduler.h - "call me when": in a while, when a descriptor is ready, when a signal comes.
//
// Everything that waits takes a Scheduler&. The real one is EventLoop; ManualScheduler has a clock
// that is moved by hand, for tests and for the cache driver.
//
// What is asked for lasts as long as the handle that comes back: destroying it cancels, and a
// callback may destroy or replace its own. Callbacks run one at a time from the loop, never from
// within a call to the scheduler, and must not throw.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace handoff::util {

class Scheduler {
 public:
  using Clock = std::chrono::steady_clock;  // does not jump when somebody sets the time
  using TimePoint = Clock::time_point;
  using Duration = std::chrono::milliseconds;
  using Call = std::function<void()>;

  // What a handle stands for; cancels when destroyed.
  class Registration {
   public:
    Registration() = default;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    virtual ~Registration() = default;
    [[nodiscard]] virtual bool pending() const = 0;
  };

  class Handle {
   public:
    Handle() = default;
    explicit Handle(std::unique_ptr<Registration> what) : what_(std::move(what)) {}
    // Will there be a call? No longer after a timer has fired.
    [[nodiscard]] bool pending() const { return what_ && what_->pending(); }
    void cancel() { what_.reset(); }

   private:
    std::unique_ptr<Registration> what_;
  };
  using Timer = Handle;
  using Watch = Handle;

  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  virtual ~Scheduler() = default;

  [[nodiscard]] virtual TimePoint now() const = 0;

  // Once, not earlier than `delay` from now; O(log n). Timers for the same moment fire in the
  // order in which they were asked for.
  [[nodiscard]] virtual Timer after(Duration delay, Call call) = 0;

  // Again and again as long as there is something to read (also end-of-file, an error), or room
  // to write. The descriptor must stay open longer than the handle lives.
  [[nodiscard]] virtual Watch readable(int fd, Call call) = 0;
  [[nodiscard]] virtual Watch writable(int fd, Call call) = 0;

  // From the loop, not from within the signal handler. One watch for each signal at most.
  [[nodiscard]] virtual Watch on_signal(int signal, Call call) = 0;
};

using Timer = Scheduler::Timer;
using Watch = Scheduler::Watch;

}  // namespace handoff::util
