// master_entry.h - an entry of master.cf in the form in which administrators read and change it.
//
// Which values are allowed is decided a little more strictly than by master(8), and what cannot run
// is not looked at.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::postconf {

struct MasterEntry {
  enum Field { Service, Type, Private, Unprivileged, Chroot, Wakeup, ProcessLimit, Program };
  static constexpr std::size_t kFields = 8;

  struct Option {
    std::string text;                    // "-v"; "-o" when there is a value
    std::optional<std::string> value{};  // of -o, "name=value" or what stands there instead
    bool operator==(const Option&) const = default;
  };

  std::array<std::string, kFields> fields;
  std::vector<Option> options{};    // of the daemon
  std::vector<std::string> rest{};  // from the first argument on that is no option

  // "smtp/inet"
  [[nodiscard]] std::string key() const;
  bool operator==(const MasterEntry&) const = default;
};

// As they are called in service/type/FIELD.
constexpr std::array<std::string_view, MasterEntry::kFields> kFieldNames = {
    "service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command"};

constexpr std::string_view kBadFieldCount = "bad field count";

// What is wrong with braces is said in a warning. Error Syntax: kBadFieldCount,
// `invalid private field "x" in "TEXT"`.
util::Result<MasterEntry> parse_master_entry(std::string_view text);

// `text` is quoted in the error.
util::Status check_field(MasterEntry::Field field, std::string_view value, std::string_view text);

// Sets program, options and the rest.
util::Status parse_command(std::string_view text, MasterEntry& entry);

enum class Folding { OneLine, Folded };
// As it is written into the file, without line end.
std::string format_master_entry(const MasterEntry& entry, Folding folding);
// The command with its arguments. `column`: where it begins on its line.
std::string format_command(const MasterEntry& entry, Folding folding, std::size_t column);

}  // namespace handoff::postconf
