#include "postmap/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace handoff::postmap {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 500ms;
constexpr std::uint64_t kStepsBetweenLooks = 1024;  // at the clock
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(std::string name, std::uint64_t size)
    : name_(std::move(name)),
      size_(size),
      terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + kPause) {}

Progress::~Progress() {
  if (shown_) std::fputs(kClearLine, stderr);
}

void Progress::step(std::uint64_t position) {
  ++entries_;
  if (!terminal_ || entries_ % kStepsBetweenLooks != 0 || Clock::now() < next_) return;
  show(position);
  next_ = Clock::now() + kPause;
}

void Progress::show(std::uint64_t position) {
  fmt::print(stderr, "{}{}: {} entries, {} %", kClearLine, name_, entries_,
             position * 100 / std::max(size_, position));
  shown_ = true;
}

}  // namespace handoff::postmap
