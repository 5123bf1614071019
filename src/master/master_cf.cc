#include "master/master_cf.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "global/master_proto.h"
#include "util/brace_words.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::master {
namespace {

namespace type = global::master_proto::type;
using util::Error;
using util::Result;

constexpr std::string_view kSeparators = " \t\r\n";
constexpr std::array kTypes = {
    std::pair{type::kInet, ServiceType::Inet}, std::pair{type::kUnix, ServiceType::Unix},
    std::pair{type::kUnixDatagram, ServiceType::UnixDatagram},
    std::pair{type::kFifo, ServiceType::Fifo}, std::pair{type::kPass, ServiceType::Pass}};

std::optional<ServiceType> type_of(std::string_view name) {
  for (const auto& [word, value] : kTypes) {
    if (word == name) return value;
  }
  return std::nullopt;
}

// One line and the place that messages about it name.
class EntryParser {
 public:
  EntryParser(const util::LogicalLine& line, const std::string& file, const EntryDefaults& defaults)
      : line_(line.number), file_(file), defaults_(defaults), rest_(line.text) {}

  // Nothing when the entry is disabled.
  Result<std::optional<Entry>> parse();

 private:
  Error mistake(std::string what, std::string_view allowed) const;
  Error bad_value(std::string_view field, std::string_view value, std::string_view allowed) const;
  Result<std::string> next(std::string_view field, std::string_view allowed);
  Result<bool> next_flag(std::string_view field, bool fallback);
  Result<int> next_number(std::string_view field, int fallback, std::string_view allowed);
  util::Status parse_type(Entry& entry);
  util::Status parse_flags(Entry& entry);
  util::Status parse_numbers(Entry& entry);
  util::Status parse_command(Entry& entry);

  int line_;
  const std::string& file_;
  const EntryDefaults& defaults_;
  std::string_view rest_;
  std::string last_;  // the field that was read last
};

constexpr std::string_view kTypesAllowed = "type is inet, unix, unix-dgram, fifo or pass";
constexpr std::string_view kFields =
    "an entry is: service type private unpriv chroot wakeup maxproc command";

Error EntryParser::mistake(std::string what, std::string_view allowed) const {
  msg::warn("{}, line {}: {}", file_, line_, allowed);
  return Error::syntax(fmt::format("{}: line {}: {}", file_, line_, what));
}

Error EntryParser::bad_value(std::string_view field, std::string_view value,
                             std::string_view allowed) const {
  return mistake(fmt::format("field \"{}\": bad value: \"{}\"", field, value), allowed);
}

Result<std::string> EntryParser::next(std::string_view field, std::string_view allowed) {
  last_ = util::next_word(rest_, kSeparators);
  if (last_.empty()) return mistake(fmt::format("missing \"{}\" field", field), kFields);
  const bool has_default = allowed.empty();
  if (last_ == "-" && !has_default) {
    return mistake(fmt::format("field \"{}\" has no default value", field), allowed);
  }
  return last_;
}

Result<bool> EntryParser::next_flag(std::string_view field, bool fallback) {
  auto text = next(field, {});
  if (!text) return std::move(text).error();
  if (*text == "-") return fallback;
  if (*text == "y") return true;
  if (*text == "n") return false;
  return bad_value(field, *text, fmt::format("{} is y, n or -", field));
}

// Digits count as far as they go, as administrators are used to: "3x" is 3.
Result<int> EntryParser::next_number(std::string_view field, int fallback,
                                     std::string_view allowed) {
  auto text = next(field, {});
  if (!text) return std::move(text).error();
  if (*text == "-") return fallback;
  const std::string_view digits(*text);
  const auto value = util::to_int(digits.substr(0, digits.find_first_not_of("0123456789")));
  if (!value) return bad_value(field, *text, allowed);
  return *value;
}

util::Status EntryParser::parse_type(Entry& entry) {
  const auto known = type_of(last_);
  if (!known) return mistake(fmt::format("bad transport type: {}", last_), kTypesAllowed);
  entry.type = *known;
  return {};
}

util::Status EntryParser::parse_flags(Entry& entry) {
  auto flag = next_flag("private", true);
  if (!flag) return std::move(flag).error();
  entry.is_private = *flag;
  if (entry.type == ServiceType::Inet && entry.is_private) {
    return mistake("inet service cannot be private", "private is n for type inet");
  }
  flag = next_flag("unprivileged", true);
  if (!flag) return std::move(flag).error();
  entry.unprivileged = *flag;
  flag = next_flag("chroot", defaults_.chroot);
  if (!flag) return std::move(flag).error();
  if (last_ == "-" && defaults_.chroot) {
    msg::info("{}: line {}: using backwards-compatible default setting chroot=y", file_, line_);
  }
  entry.chroot = *flag;
  return {};
}

util::Status EntryParser::parse_numbers(Entry& entry) {
  const auto wakeup = next_number("wakeup_time", 0,
                                  "wakeup is a number of seconds, 0 for never; with ? after it: "
                                  "only when the service is in use");
  if (!wakeup) return wakeup.error();
  entry.wakeup = std::chrono::seconds(*wakeup);
  entry.wakeup_only_if_used = *wakeup > 0 && last_.ends_with('?');
  const auto limit = next_number("max_proc", defaults_.process_limit,
                                 "maxproc is a number of processes, 0 for no limit");
  if (!limit) return limit.error();
  entry.process_limit = *limit;
  return {};
}

util::Status EntryParser::parse_command(Entry& entry) {
  auto command = next("command", "command is the name of a program in daemon_directory");
  if (!command) return std::move(command).error();
  entry.command = *std::move(command);
  auto arguments = util::split_brace_words(rest_, kSeparators);
  if (!arguments) {
    return mistake(arguments.error().what,
                   "an argument that begins with { ends with the matching }");
  }
  entry.arguments = *std::move(arguments);
  return {};
}

Result<std::optional<Entry>> EntryParser::parse() {
  Entry entry{.line = line_, .name = std::string(util::next_word(rest_, kSeparators))};
  const auto type = next("transport type", kTypesAllowed);
  if (!type) return type.error();
  if (is_disabled(entry.name, *type, defaults_.disabled)) return std::optional<Entry>();
  for (const auto step : {&EntryParser::parse_type, &EntryParser::parse_flags,
                          &EntryParser::parse_numbers, &EntryParser::parse_command}) {
    if (auto parsed = (this->*step)(entry); !parsed) return std::move(parsed).error();
  }
  return std::optional(std::move(entry));
}

}  // namespace

std::string_view name_of(ServiceType type) {
  return kTypes[static_cast<std::size_t>(type)].first;
}

Result<std::vector<Entry>> parse_master_cf(std::string_view text, const std::string& file,
                                           const EntryDefaults& defaults) {
  std::vector<Entry> entries;
  for (const auto& line : util::logical_lines(text, file)) {
    auto entry = EntryParser(line, file, defaults).parse();
    if (!entry) return std::move(entry).error();
    if (*entry) entries.push_back(**std::move(entry));
  }
  return entries;
}

bool is_disabled(std::string_view name, std::string_view type,
                 const std::vector<std::string>& items) {
  for (std::string_view item : items) {
    bool disabled = true;
    for (; item.starts_with('!'); item.remove_prefix(1)) disabled = !disabled;
    std::size_t cut = item.rfind('/');
    if (cut == std::string_view::npos) cut = item.rfind('.');
    const bool any_name = cut == std::string_view::npos;
    const std::string_view item_type = any_name ? item : item.substr(cut + 1);
    if (!util::equal_ignoring_case(item_type, type)) continue;
    if (any_name || util::equal_ignoring_case(item.substr(0, cut), name)) return disabled;
  }
  return false;
}

}  // namespace handoff::master
