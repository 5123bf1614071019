#include "global/param_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "util/text.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;
using util::Status;

using Kind = ParamSpec::Kind;

bool below(std::int64_t value, Bounds bounds) {
  return bounds.min != kAny && value < bounds.min;
}
bool above(std::int64_t value, Bounds bounds) {
  return bounds.max != kAny && value > bounds.max;
}

template <typename T>
Result<T> parse_number(std::string_view name, std::string_view text, Bounds bounds) {
  const auto value = util::to_int64(util::trim_left(text));
  if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max())
    return Error::syntax(fmt::format("bad numerical configuration: {} = {}", name, text));
  const auto error = [&](char relation, std::int64_t limit) {
    return Error::syntax(
        fmt::format("invalid {} parameter value {} {} {}", name, *value, relation, limit));
  };
  if (below(*value, bounds)) return error('<', bounds.min);
  if (above(*value, bounds)) return error('>', bounds.max);
  return static_cast<T>(*value);
}

Status check_length(std::string_view text, Bounds bounds, std::string_view format,
                    std::string_view name) {
  const auto length = static_cast<std::int64_t>(text.size());
  const auto error = [&](char relation, std::int64_t limit) {
    return Error::syntax(fmt::format(fmt::runtime(format), length, relation, limit, name, text));
  };
  if (below(length, bounds)) return error('<', bounds.min);
  if (above(length, bounds)) return error('>', bounds.max);
  return {};
}

std::optional<int> seconds_per(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 60 * 60;
    case 'd':
      return 24 * 60 * 60;
    case 'w':
      return 7 * 24 * 60 * 60;
    default:
      return std::nullopt;
  }
}

// "5", "5m" and, as ever, "5minutes". Without digits it is zero, and the text must begin with the
// unit: what strtol(3) makes of it.
std::optional<std::int64_t> seconds_in(std::string_view text, char default_unit) {
  const std::string_view trimmed = util::trim_left(text);
  const bool has_sign = trimmed.starts_with('+') || trimmed.starts_with('-');
  const std::size_t end =
      std::min(trimmed.find_first_not_of("0123456789", has_sign ? 1 : 0), trimmed.size());
  const bool has_digits = end > (has_sign ? 1U : 0U);
  const auto number = has_digits ? util::to_int64(trimmed.substr(0, end)) : 0;
  const std::string_view rest = has_digits ? trimmed.substr(end) : text;
  if (text.empty() || !number || *number < 0) return std::nullopt;
  const auto unit = seconds_per(rest.empty() ? default_unit : rest.front());
  constexpr int kMost = std::numeric_limits<int>::max();
  if (!unit || *number > kMost || (*unit > 1 && *number >= kMost / *unit)) return std::nullopt;
  return *number * *unit;
}

std::string range(Bounds bounds, std::string_view unit) {
  if (bounds.min == bounds.max && bounds.min != kAny)
    return fmt::format(" exactly {}{}", bounds.min, unit);
  if (bounds.min != kAny && bounds.max != kAny)
    return fmt::format(" from {}{} to {}{}", bounds.min, unit, bounds.max, unit);
  if (bounds.min != kAny) return fmt::format(", at least {}{}", bounds.min, unit);
  if (bounds.max != kAny) return fmt::format(", at most {}{}", bounds.max, unit);
  return {};
}

}  // namespace

Result<int> parse_int(std::string_view name, std::string_view text, Bounds bounds) {
  return parse_number<int>(name, text, bounds);
}

Result<std::int64_t> parse_long(std::string_view name, std::string_view text, Bounds bounds) {
  return parse_number<std::int64_t>(name, text, bounds);
}

Result<bool> parse_bool(std::string_view name, std::string_view text) {
  if (util::equal_ignoring_case(text, "yes")) return true;
  if (util::equal_ignoring_case(text, "no")) return false;
  return Error::syntax(fmt::format("bad boolean configuration: {} = {}", name, text));
}

Result<std::chrono::seconds> parse_time(std::string_view name, std::string_view text, char unit,
                                        Bounds bounds) {
  const auto seconds = seconds_in(text, unit);
  if (!seconds)
    return Error::syntax(fmt::format("parameter {}: bad time value or unit: {}", name, text));
  if (below(*seconds, bounds))
    return Error::syntax(fmt::format("invalid {}: {} (min {})", name, *seconds, bounds.min));
  if (above(*seconds, bounds))
    return Error::syntax(fmt::format("invalid {}: {} (max {})", name, *seconds, bounds.max));
  return std::chrono::seconds(*seconds);
}

Status check_str(std::string_view name, std::string_view text, Bounds bounds) {
  return check_length(text, bounds, "bad string length {} {} {}: {} = {}", name);
}

Status check_raw(std::string_view name, std::string_view text, Bounds bounds) {
  return check_length(text, bounds, "bad string length ({} {} {}): {} = {}", name);
}

std::string allowed_values(Kind kind, Bounds bounds) {
  switch (kind) {
    case Kind::Str:
    case Kind::Raw:
      return "a text" + range(bounds, " bytes long");
    case Kind::Int:
    case Kind::Long:
      return "a whole number" + range(bounds, "");
    case Kind::Bool:
      return "yes or no";
    case Kind::Time:
      return "a number and s, m, h, d or w" + range(bounds, "s");
  }
  return {};
}

}  // namespace handoff::global
