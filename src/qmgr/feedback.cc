#include "qmgr/feedback.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::qmgr {

namespace {

// The number that the text begins with; takes it from there.
bool take_number(std::string_view& text, double& number) {
  const std::string copy(text);
  char* end = nullptr;
  number = std::strtod(copy.c_str(), &end);
  text.remove_prefix(static_cast<std::size_t>(end - copy.c_str()));
  return end != copy.c_str() && std::isfinite(number);
}

}  // namespace

bool Feedback::read_divisor(std::string_view text) {
  if (util::equal_ignoring_case(text, "concurrency")) {
    per_ = Per::Window;
  } else if (util::equal_ignoring_case(text, "sqrt_concurrency")) {
    per_ = Per::RootOfWindow;
  } else {
    double number = 0;
    if (!take_number(text, number) || !text.empty() || number <= 0) return false;
    amount_ /= number;
  }
  return true;
}

// What comes after the number counts only if it is a division, as with Postfix: "1x" is 1.
bool Feedback::read(std::string_view text) {
  if (!take_number(text, amount_)) return false;
  text = util::trim(text);
  if (text.starts_with('/') && !read_divisor(util::trim(text.substr(1)))) return false;
  return amount_ >= 0 && amount_ <= 1;
}

Feedback Feedback::parse(std::string_view parameter, std::string_view text) {
  Feedback feedback;
  if (feedback.read(text)) return feedback;
  msg::warn("{}: ignoring malformed or unreasonable feedback: {}", parameter, text);
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
