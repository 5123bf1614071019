#include "postmap/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace handoff::postmap {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 500ms;
constexpr std::size_t kStepsBetweenLooks = 1024;  // at the clock
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(std::string name, std::size_t lines)
    : name_(std::move(name)),
      lines_(lines),
      terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + kPause) {}

Progress::~Progress() {
  if (shown_) std::fputs(kClearLine, stderr);
}

void Progress::step() {
  ++done_;
  if (!terminal_ || done_ % kStepsBetweenLooks != 0 || Clock::now() < next_) return;
  show();
  next_ = Clock::now() + kPause;
}

void Progress::show() {
  fmt::print(stderr, "{}{}: {} of {} entries, {} %", kClearLine, name_, done_, lines_,
             done_ * 100 / lines_);
  shown_ = true;
}

}  // namespace handoff::postmap
