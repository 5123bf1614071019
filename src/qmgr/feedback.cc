#include "qmgr/feedback.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::qmgr {

namespace {

bool read_number(std::string_view text, double& number) {
  const std::string copy(util::trim(text));
  char* end = nullptr;
  number = std::strtod(copy.c_str(), &end);
  return !copy.empty() && *end == '\0' && std::isfinite(number);
}

}  // namespace

bool Feedback::read(std::string_view text, Feedback& feedback) {
  const std::size_t slash = text.find('/');
  if (!read_number(text.substr(0, slash), feedback.amount_)) return false;
  if (slash == std::string_view::npos) return feedback.amount_ >= 0 && feedback.amount_ <= 1;
  const std::string_view divisor = util::trim(text.substr(slash + 1));
  if (util::equal_ignoring_case(divisor, "concurrency")) {
    feedback.per_ = Per::Window;
  } else if (util::equal_ignoring_case(divisor, "sqrt_concurrency")) {
    feedback.per_ = Per::RootOfWindow;
  } else {
    double number = 0;
    if (!read_number(divisor, number) || number == 0) return false;
    feedback.amount_ /= number;
  }
  return feedback.amount_ >= 0 && feedback.amount_ <= 1;
}

Feedback Feedback::parse(std::string_view parameter, std::string_view text) {
  Feedback feedback;
  if (read(text, feedback)) return feedback;
  msg::warn("{}: ignoring malformed or out-of-range feedback value: {}", parameter, text);
  return {};
}

double Feedback::at(int window) const {
  const double size = std::max(window, 1);
  switch (per_) {
    case Per::Delivery:
      return amount_;
    case Per::Window:
      return amount_ / size;
    case Per::RootOfWindow:
      return amount_ / std::sqrt(size);
  }
  return amount_;
}

}  // namespace handoff::qmgr
