#include "qmgr/window.h"

#include <algorithm>

namespace handoff::qmgr {

void Window::restart(int size) {
  size_ = size;
  success_ = 0;
  failure_ = 0;
  failed_cohorts_ = 0;
}

void Window::kill() {
  size_ = 0;
}

// A step of the window is taken as soon as at least half of it, or of one delivery's amount, has
// been gathered: sums of 1/3 must not miss 1 for rounding.
void Window::good(int busy) {
  failed_cohorts_ = 0;
  if (dead()) return restart(busy > 0 ? busy : settings_.start());
  const bool room = settings_.limit == 0 || settings_.limit > size_;
  if (!room || size_ >= busy + settings_.start()) return;
  const double amount = settings_.positive.at(size_);
  success_ += amount;
  while (success_ + amount / 2 >= 1) {
    ++size_;
    success_ -= 1;
    failure_ = 0;
  }
  if (settings_.limit > 0) size_ = std::min(size_, settings_.limit);
}

void Window::bad() {
  if (dead()) return;
  failed_cohorts_ += 1.0 / size_;
  if (settings_.cohort_limit > 0 && failed_cohorts_ >= settings_.cohort_limit) return kill();
  const double amount = settings_.negative.at(size_);
  failure_ -= amount;
  while (failure_ - amount / 2 < 0) {
    --size_;
    success_ = 0;
    failure_ += 1;
  }
  size_ = std::max(size_, 1);
}

}  // namespace handoff::qmgr
