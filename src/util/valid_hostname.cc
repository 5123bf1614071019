#include "util/valid_hostname.h"

#include <fmt/format.h>

#include <algorithm>

#include "util/text.h"

namespace handoff::util {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kQuotedLength = 100;

bool allowed(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

// Empty when the label is good.
std::string_view label_problem(std::string_view label) {
  if (label.empty()) return "misplaced delimiter";
  if (label.size() > kLongestLabel) return "hostname label too long";
  if (label.starts_with('-') || label.ends_with('-')) return "misplaced hyphen";
  return {};
}

Error problem(std::string_view what, std::string_view name) {
  return Error::syntax(fmt::format("valid_hostname: {}: {}", what, name.substr(0, kQuotedLength)));
}

}  // namespace

Status valid_hostname(std::string_view name) {
  if (name.empty()) return Error::syntax("valid_hostname: empty hostname");
  if (name.size() > kLongestName)
    return Error::syntax(fmt::format("valid_hostname: bad length {} for {}...", name.size(),
                                     name.substr(0, kQuotedLength)));
  if (const auto bad = std::ranges::find_if_not(name, allowed); bad != name.end()) {
    const int code = static_cast<unsigned char>(*bad);
    return problem(fmt::format("invalid character {}(decimal)", code), name);
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::string_view label = name.substr(begin, name.find('.', begin) - begin);
    if (const std::string_view wrong = label_problem(label); !wrong.empty())
      return problem(wrong, name);
    begin += label.size() + 1;
  }
  if (name.find_first_not_of("0123456789.") == std::string_view::npos)
    return problem("numeric hostname", name);
  return {};
}

}  // namespace handoff::util
