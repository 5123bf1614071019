// manual_scheduler.h - a scheduler whose clock is moved by hand.
//
// For tests, and for programs that simulate: nothing happens but in advance(), ready() and
// raise(), and no time passes in between.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <utility>

#include "util/scheduler.h"

namespace handoff::util {

class ManualScheduler final : public Scheduler {
 public:
  ManualScheduler();
  ~ManualScheduler() override;

  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] Timer after(Duration delay, Call call) override;
  [[nodiscard]] Watch readable(int fd, Call call) override;
  [[nodiscard]] Watch writable(int fd, Call call) override;
  [[nodiscard]] Watch on_signal(int signal, Call call) override;

  // Moves the clock and fires what is due on the way, in order; each call sees its own moment.
  void advance(Duration by);
  // Calls the watches of descriptors that are ready right now; again, until none is. Bounded, so
  // that a watch that never consumes what it is shown fails the test instead of hanging it.
  void ready();
  // As if the process had got `signal`.
  void raise(int signal);
  [[nodiscard]] std::size_t timers() const;

 private:
  struct Entry;
  class Registered;
  struct State;
  Handle registered(std::shared_ptr<Entry> entry);
  bool ready_once();

  TimePoint now_;
  std::shared_ptr<State> state_;
};

}  // namespace handoff::util
