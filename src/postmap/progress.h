// progress.h - how far it has got, for somebody who waits at a terminal.
//
// Silent where standard error is no terminal, and for whatever is done within a moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace handoff::postmap {

class Progress {
 public:
  // `size`: of the input, in whatever unit.
  Progress(std::string name, std::uint64_t size);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // Another entry; so much of the input has been read.
  void step(std::uint64_t position);

 private:
  using Clock = std::chrono::steady_clock;

  void show(std::uint64_t position);

  std::string name_;
  std::uint64_t size_;
  std::uint64_t entries_ = 0;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point next_;
};

}  // namespace handoff::postmap
