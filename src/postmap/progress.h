// progress.h - how far it has got, for somebody who waits at a terminal.
//
// Silent where standard error is no terminal, and for whatever is done within a moment.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace handoff::postmap {

class Progress {
 public:
  Progress(std::string name, std::size_t lines);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void step();

 private:
  using Clock = std::chrono::steady_clock;

  void show();

  std::string name_;
  std::size_t lines_;
  std::size_t done_ = 0;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point next_;
};

}  // namespace handoff::postmap
