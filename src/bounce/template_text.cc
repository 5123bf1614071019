#include "bounce/template_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "global/config_expand.h"
#include "tables/unicode.h"
#include "util/msg.h"

namespace handoff::bounce {

using util::Error;
using util::Result;

namespace {

using std::chrono::seconds;

struct Unit {
  std::string_view name;
  seconds length;
};
constexpr std::array kUnits = {
    Unit{"seconds", std::chrono::seconds(1)}, Unit{"minutes", std::chrono::minutes(1)},
    Unit{"hours", std::chrono::hours(1)}, Unit{"days", std::chrono::hours(24)},
    Unit{"weeks", std::chrono::hours(7 * 24)}};
constexpr seconds::rep kMostUnits = 999;

// Parameters whose names may end in a unit, and those that are names of hosts.
struct Interval {
  std::string_view prefix;
  seconds global::Params::*value;
};
constexpr std::array kIntervals = {
    Interval{"delay_warning_time_", &global::Params::delay_warning_time},
    Interval{"maximal_queue_lifetime_", &global::Params::maximal_queue_lifetime},
};
constexpr std::array<std::string_view, 2> kHostNames = {"mydomain", "myhostname"};

// Values are complete: what looks like a reference in them must not be taken for one.
std::string literally(const std::string& value) {
  std::string doubled;
  for (const char c : value) doubled.append(c == '$' ? 2 : 1, c);
  return doubled;
}

void check_readable(const Template& source, std::string_view name, const Unit& unit, seconds all,
                    seconds::rep count) {
  const bool zero = count == 0 && all > seconds(0);
  if (!zero && count <= kMostUnits) return;
  const std::string_view report = name_of(source.report);
  msg::warn("{}: {} in {} template conversion of parameter \"{}\"", source.origin,
            zero ? "zero result" : fmt::format("excessive result \"{}\"", count), report, name);
  msg::warn("please {} time unit \"{}\" of \"{}\" in {} template", zero ? "reduce" : "increase",
            unit.name, name, report);
  msg::warn("for instructions see the bounce(5) manual");
}

std::optional<std::string> readable_name(const std::string& host) {
  auto readable = tables::domain_to_utf8(host);
  if (readable) return *std::move(readable);
  msg::warn("{}", readable.error().what);
  return std::nullopt;
}

}  // namespace

// What is looked up while one line is expanded, and what went wrong.
class TextExpansion::Line {
 public:
  Line(const Template& source, TextExpansion& expansion) : source_(source), expansion_(expansion) {}

  Result<std::string> expand(std::string_view text);

 private:
  std::optional<std::string> look_up(std::string_view name);
  std::optional<std::string> interval(std::string_view name, const Interval& parameter);
  std::optional<std::string> parameter(std::string_view name);
  std::string host_name(std::string_view name, std::string value);
  std::optional<std::string> fail(Error error);

  const Template& source_;
  TextExpansion& expansion_;
  std::optional<Error> error_;
};

Result<std::string> TextExpansion::Line::expand(std::string_view text) {
  const auto wrong = [&](const char* what) {
    return Error::syntax(fmt::format("{}: {} in {} template: {}", source_.origin, what,
                                     name_of(source_.report), text));
  };
  bool undefined = false;
  auto expanded = global::expand_macros(
      text, [&](std::string_view name) { return look_up(name); },
      [&](std::string_view /*name*/) { undefined = true; });
  if (error_) return *error_;
  if (!expanded) {
    msg::warn("{}", expanded.error().what);
    return wrong("bad $name syntax");
  }
  if (undefined) return wrong("undefined $name");
  return expanded;
}

std::optional<std::string> TextExpansion::Line::look_up(std::string_view name) {
  const auto* const found = std::ranges::find_if(
      kIntervals, [&](const Interval& one) { return name.starts_with(one.prefix); });
  const auto value = found != kIntervals.end() ? interval(name, *found) : parameter(name);
  if (!value) return std::nullopt;
  return literally(*value);
}

std::optional<std::string> TextExpansion::Line::interval(std::string_view name,
                                                         const Interval& parameter) {
  const std::string_view suffix = name.substr(parameter.prefix.size());
  const auto* const unit = std::ranges::find(kUnits, suffix, &Unit::name);
  if (unit == kUnits.end()) {
    return fail(Error::syntax(fmt::format("{}: unrecognized suffix \"{}\" in parameter \"{}\"",
                                          source_.origin, suffix, name)));
  }
  const seconds all = expansion_.params_.*parameter.value;
  const auto count = all / unit->length;
  check_readable(source_, name, *unit, all, count);
  return std::to_string(count);
}

std::optional<std::string> TextExpansion::Line::parameter(std::string_view name) {
  if (!expansion_.config_.raw(name)) return std::nullopt;
  auto value = expansion_.config_.value(name);
  if (!value) return fail(std::move(value).error());
  if (std::ranges::find(kHostNames, name) == kHostNames.end()) return *value;
  return host_name(name, *std::move(value));
}

std::string TextExpansion::Line::host_name(std::string_view name, std::string value) {
  if (!expansion_.params_.smtputf8_enable) return value;
  const auto [entry, added] = expansion_.readable_.try_emplace(value);
  if (added) entry->second = readable_name(value);
  if (entry->second) return *entry->second;
  msg::warn("{}: conversion \"{}\" failed: input value: \"{}\"", source_.origin, name, value);
  return value;
}

std::optional<std::string> TextExpansion::Line::fail(Error error) {
  if (!error_) error_ = std::move(error);
  return std::nullopt;
}

Result<std::vector<std::string>> TextExpansion::lines(const Template& source) {
  std::vector<std::string> expanded;
  for (const std::string& line : source.text) {
    auto text = Line(source, *this).expand(line);
    if (!text) return std::move(text).error();
    expanded.push_back(*std::move(text));
  }
  return expanded;
}

}  // namespace handoff::bounce
