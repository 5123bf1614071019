// window.h - how many deliveries at a time a destination can stand.
//
// It opens with every good delivery and closes with every failure to get through to the
// destination at all; when a whole cohort of deliveries has failed, the destination is dead and
// nothing is sent until it is revived. The arithmetic, with its quirks, is that of stock
// (spec/queue-and-delivery.md 5.6): administrators tune it with the parameters that they know.
#pragma once

#include "qmgr/feedback.h"

namespace handoff::qmgr {

struct WindowSettings {
  int limit = 20;  // 0: none; less: the initial size
  int initial = 5;
  Feedback positive{};
  Feedback negative{};
  int cohort_limit = 1;  // 0 and less: never dead

  // The initial size as far as the limit allows.
  [[nodiscard]] int start() const { return limit > 0 && initial > limit ? limit : initial; }
};

class Window {
 public:
  explicit Window(const WindowSettings& settings) : settings_(settings), size_(settings.start()) {}

  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] bool dead() const { return size_ == 0; }

  // A delivery has got through, or has not; it still counts as `busy`.
  void good(int busy);
  void bad();
  void kill();
  void revive() { restart(settings_.start()); }
  // After a pause between deliveries: one at a time.
  void restart(int size);

  // For the debug line of destination_concurrency_feedback_debug.
  [[nodiscard]] double success() const { return success_; }
  [[nodiscard]] double failure() const { return failure_; }
  [[nodiscard]] double failed_cohorts() const { return failed_cohorts_; }

 private:
  WindowSettings settings_;
  int size_;
  double success_ = 0;
  double failure_ = 0;
  double failed_cohorts_ = 0;
};

}  // namespace handoff::qmgr
