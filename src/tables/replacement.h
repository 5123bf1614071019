// replacement.h - the result of a pattern that matched: "$1-${2}x$(3)$$".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace handoff::tables {

class Replacement {
 public:
  // Nothing: it is malformed, which has been logged, or told to `report` where the log line should
  // name the rule. `out_of_range` is what is said of "$0": stock writes that in two ways.
  static std::optional<Replacement> parse(std::string_view text, std::string_view out_of_range,
                                          const std::function<void(std::string_view)>& report);
  // The text as it is, dollars and all.
  static Replacement literal(std::string text);

  // The largest number of a group, 0 without any.
  [[nodiscard]] int largest_group() const { return largest_; }
  [[nodiscard]] std::string expand(
      const std::function<std::string_view(int group)>& text_of_group) const;

 private:
  std::vector<std::variant<std::string, int>> parts_;
  int largest_ = 0;
};

}  // namespace handoff::tables
