// event_loop.h - the process's event loop, on libevent (epoll).
//
// One a process, made in main() and passed on as a Scheduler&.
#pragma once

#include <memory>

#include "util/scheduler.h"

namespace handoff::util {

class EventLoop final : public Scheduler {
 public:
  EventLoop();
  ~EventLoop() override;  // every handle must be gone by then

  [[nodiscard]] TimePoint now() const override { return Clock::now(); }
  [[nodiscard]] Timer after(Duration delay, Call call) override;
  [[nodiscard]] Watch readable(int fd, Call call) override;
  [[nodiscard]] Watch writable(int fd, Call call) override;
  [[nodiscard]] Watch on_signal(int signal, Call call) override;

  // Until stop(), or until nothing is left that could happen.
  void run();
  // Waits for the next thing to happen, at most `limit`, and makes the calls that are due.
  void run_once(Duration limit);
  // Runs until neither a timer nor a watch is left, at most `limit`. False when the limit came
  // first.
  bool drain(Duration limit);
  // run() returns after the callback that is running now.
  void stop();

  // In a forked child, before it touches any handle: without it, the child would edit the epoll
  // set that it shares with its parent.
  void after_fork();

 private:
  class Event;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace handoff::util
