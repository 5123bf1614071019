#include "tables/replacement.h"

#include <algorithm>
#include <limits>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

bool is_name_character(char c) {
  return util::is_alnum(c) || c == '_';
}

// The length of "{...}" or "(...)" with its partner; npos without one.
std::size_t bracketed_length(std::string_view text) {
  const char closing = text.front() == '{' ? '}' : ')';
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == text.front()) ++depth;
    if (text[i] == closing && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

// What follows a "$", taken off the front of `rest`; empty when there is none.
std::optional<std::string_view> take_name(std::string_view& rest, std::string_view whole) {
  if (rest.starts_with('{') || rest.starts_with('(')) {
    const std::size_t length = bracketed_length(rest);
    if (length == std::string_view::npos) {
      msg::warn("truncated macro reference: \"{}\"", whole);
      return std::nullopt;
    }
    const std::string_view name = rest.substr(1, length - 2);
    rest.remove_prefix(length);
    if (!name.empty()) return name;
  } else {
    const auto end = std::ranges::find_if_not(rest, is_name_character);
    const std::string_view name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(name.size());
    if (!name.empty()) return name;
  }
  msg::warn("empty macro name: \"{}\"", whole);
  return std::nullopt;
}

std::optional<int> group_number(std::string_view name, std::string_view out_of_range,
                                const std::function<void(std::string_view)>& report) {
  if (!std::ranges::all_of(name, util::is_digit)) {
    report("non-numeric replacement index \"" + std::string(name) + '"');
    return std::nullopt;
  }
  // More digits than a number can have: more than any pattern has groups.
  const int number = util::to_int(name).value_or(std::numeric_limits<int>::max());
  if (number < 1) {
    report(std::string(out_of_range) + " replacement index \"" + std::string(name) + '"');
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::optional<Replacement> Replacement::parse(std::string_view text, std::string_view out_of_range,
                                              const std::function<void(std::string_view)>& report) {
  Replacement result;
  std::string literal;
  bool good = true;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t dollar = std::min(rest.find('$'), rest.size());
    literal += rest.substr(0, dollar);
    rest.remove_prefix(dollar);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (rest.starts_with('$')) {
      literal += '$';
      rest.remove_prefix(1);
      continue;
    }
    const std::optional<std::string_view> name = take_name(rest, text);
    if (!name) return std::nullopt;
    const std::optional<int> group = group_number(*name, out_of_range, report);
    good = good && group;
    if (!group) continue;
    if (!literal.empty()) result.parts_.emplace_back(std::exchange(literal, {}));
    result.parts_.emplace_back(*group);
    result.largest_ = std::max(result.largest_, *group);
  }
  if (!good) return std::nullopt;
  if (!literal.empty()) result.parts_.emplace_back(std::move(literal));
  return result;
}

Replacement Replacement::literal(std::string text) {
  Replacement result;
  result.parts_.emplace_back(std::move(text));
  return result;
}

std::string Replacement::expand(
    const std::function<std::string_view(int group)>& text_of_group) const {
  std::string text;
  for (const auto& part : parts_) {
    if (const auto* literal = std::get_if<std::string>(&part))
      text += *literal;
    else
      text += text_of_group(std::get<int>(part));
  }
  return text;
}

}  // namespace handoff::tables
