// feedback.h - how much one delivery changes the concurrency towards its destination.
//
// "1", "0.5", "1/5", "1/concurrency" or "1/sqrt_concurrency" in main.cf; the amount depends on the
// size of the window at that moment (postconf(5), default_destination_concurrency_*_feedback).
#pragma once

#include <string_view>

namespace handoff::qmgr {

class Feedback {
 public:
  Feedback() = default;  // 1

  // For any other text: a warning that names the parameter, and 1.
  static Feedback parse(std::string_view parameter, std::string_view text);

  // Between 0 and 1.
  [[nodiscard]] double at(int window) const;

 private:
  enum class Per { Delivery, Window, RootOfWindow };

  bool read(std::string_view text);
  bool read_divisor(std::string_view text);

  double amount_ = 1;
  Per per_ = Per::Delivery;
};

}  // namespace handoff::qmgr
