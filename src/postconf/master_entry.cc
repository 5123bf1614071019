#include "postconf/master_entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "global/main_cf_text.h"
#include "global/master_proto.h"
#include "postconf/braces.h"
#include "util/braces.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::postconf {
namespace {

namespace type = global::master_proto::type;
using util::Error;
using util::Result;
using util::Status;

constexpr std::string_view kSeparators = " \t\r\n";
constexpr std::string_view kFile = "master.cf";
constexpr std::array kTypes = {type::kInet, type::kUnix, type::kUnixDatagram, type::kFifo,
                               type::kPass};
constexpr std::array<std::size_t, MasterEntry::kFields> kColumns = {0, 11, 17, 25, 33, 41, 49, 57};
constexpr std::string_view kNewLine = "\n    ";
constexpr std::size_t kWidth = 80;

// --- Reading

bool is_number(std::string_view text) {
  return std::ranges::all_of(text, util::is_digit);
}

bool allowed(MasterEntry::Field field, std::string_view value) {
  switch (field) {
    case MasterEntry::Type:
      return std::ranges::count(kTypes, value) > 0;
    case MasterEntry::Private:
    case MasterEntry::Unprivileged:
    case MasterEntry::Chroot:
      return value == "y" || value == "n" || value == "-";
    case MasterEntry::Wakeup:
      if (value.ends_with('?')) return is_number(value.substr(0, value.size() - 1));
      [[fallthrough]];
    case MasterEntry::ProcessLimit:
      return value == "-" || (!value.empty() && is_number(value));
    case MasterEntry::Service:
    case MasterEntry::Program:
      return !value.empty();
  }
  return false;
}

std::string text_of(const global::Assignment& assignment) {
  return fmt::format("{}={}", assignment.name, assignment.value);
}

// "{ name = value }" is "name=value".
std::string parse_override(std::string_view word) {
  if (!word.starts_with('{')) return std::string(word);
  const std::string_view text = without_braces(word, kFile);
  const Result<global::Assignment> assignment = global::parse_assignment(text);
  if (!assignment) {
    msg::warn("{}: {}", kFile, assignment.error().what);
    return std::string(text);
  }
  return text_of(*assignment);
}

// Takes the daemon's options off the front of the words.
class OptionParser {
 public:
  explicit OptionParser(std::string_view& rest) : rest_(rest) {}

  std::vector<MasterEntry::Option> parse() {
    while (true) {
      std::string_view after = rest_;
      const std::string_view word = util::next_brace_word(after, kSeparators);
      if (!word.starts_with('-') || word == "--") return std::move(options_);
      rest_ = after;
      parse_cluster(word);
    }
  }

 private:
  // "-vvo" is "-vv -o", and what follows the o is its value or the next word.
  void parse_cluster(std::string_view word) {
    const std::size_t o = word.find('o');
    // "--" alone would end the options.
    if (o == std::string_view::npos || word.substr(0, o) == "--")
      return (void)options_.push_back({std::string(word)});
    if (o > 1) options_.push_back({std::string(word.substr(0, o))});
    std::string_view value = word.substr(o + 1);
    if (value.empty()) value = util::next_brace_word(rest_, kSeparators);
    if (value.empty()) return (void)options_.push_back({"-o"});
    options_.push_back({"-o", parse_override(value)});
  }

  std::string_view& rest_;
  std::vector<MasterEntry::Option> options_;
};

// --- Writing

bool is_one_word(std::string_view text) {
  std::string_view rest = text;
  return !text.empty() && !text.starts_with('{') &&
         util::next_brace_word(rest, kSeparators).size() == text.size();
}

std::string in_braces(std::string_view text) {
  return fmt::format("{{{}}}", text);
}

// Braces where there are blanks, as stock writes them, but not where they would change what is
// read: "-o a{b = c}" for one, or blanks at the ends that separate no words (\v).
std::string quoted(std::string_view argument, std::string_view read_from_braces) {
  const bool blanks = argument.find_first_of(kSeparators) != std::string_view::npos;
  const bool plain = is_one_word(argument) && (!blanks || argument != read_from_braces);
  return plain ? std::string(argument) : in_braces(argument);
}

// Puts words on lines.
class CommandWriter {
 public:
  CommandWriter(std::string text, std::size_t column, Folding folding)
      : text_(std::move(text)), column_(column + text_.size()), folding_(folding) {}

  void add(const MasterEntry::Option& option) {
    if (!option.value) return add_word(option.text, option.text.size());
    begin_line();
    const auto assignment = global::parse_assignment(*option.value);
    append(option.text + ' ' +
           quoted(*option.value,
                  assignment ? text_of(*assignment) : std::string(util::trim(*option.value))));
    own_line_ = true;
  }
  void add(std::string_view argument) {
    add_word(quoted(argument, util::trim(argument)), argument.size());
  }
  // The argument that follows the options, and must not be taken for one.
  void add_first(std::string_view argument) {
    if (!argument.starts_with('-') || argument == "--") return add(argument);
    add_word(in_braces(argument), argument.size());
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  // `size` without braces, which may go beyond the width.
  void add_word(std::string_view word, std::size_t size) {
    const bool full = column_ + 1 + size >= kWidth;
    // A line that begins with # would be a comment, one of blanks (\v) only is none.
    const bool no_line = util::line_kind(word) == util::LineKind::Ignored;
    if ((own_line_ || full) && !no_line) {
      begin_line();
    } else {
      append(" ");
    }
    own_line_ = false;
    append(word);
  }
  void begin_line() {
    if (folding_ == Folding::OneLine) return append(" ");
    text_ += kNewLine;
    column_ = kNewLine.size() - 1;
  }
  void append(std::string_view text) {
    text_ += text;
    column_ += text.size();
  }

  std::string text_;
  std::size_t column_;
  Folding folding_;
  bool own_line_ = false;  // what stands there wants to be alone on its line
};

}  // namespace

std::string MasterEntry::key() const {
  return fields[Service] + '/' + fields[Type];
}

Status check_field(MasterEntry::Field field, std::string_view value, std::string_view text) {
  if (allowed(field, value)) return {};
  return Error::syntax(
      fmt::format("invalid {} field \"{}\" in \"{}\"", kFieldNames[field], value, text));
}

Status parse_command(std::string_view text, MasterEntry& entry) {
  entry.fields[MasterEntry::Program] = util::next_brace_word(text, kSeparators);
  if (entry.fields[MasterEntry::Program].empty()) return Error::syntax(std::string(kBadFieldCount));
  entry.options = OptionParser(text).parse();
  entry.rest.clear();
  while (true) {
    const std::string_view word = util::next_brace_word(text, kSeparators);
    if (word.empty()) return {};
    entry.rest.emplace_back(without_braces(word, kFile));
  }
}

Result<MasterEntry> parse_master_entry(std::string_view text) {
  MasterEntry entry;
  std::string_view command = text;
  for (std::size_t i = 0; i < MasterEntry::Program; ++i)
    entry.fields[i] = util::next_brace_word(command, kSeparators);
  std::string_view rest = command;
  entry.fields[MasterEntry::Program] = util::next_brace_word(rest, kSeparators);
  if (entry.fields[MasterEntry::Program].empty()) return Error::syntax(std::string(kBadFieldCount));
  for (std::size_t i = 0; i < MasterEntry::kFields; ++i) {
    const auto field = static_cast<MasterEntry::Field>(i);
    if (Status checked = check_field(field, entry.fields[i], text); !checked)
      return std::move(checked).error();
  }
  // Last: it warns of what it finds.
  if (Status parsed = parse_command(command, entry); !parsed) return std::move(parsed).error();
  return entry;
}

std::string format_command(const MasterEntry& entry, Folding folding, std::size_t column) {
  CommandWriter writer(entry.fields[MasterEntry::Program], column, folding);
  for (const MasterEntry::Option& option : entry.options) writer.add(option);
  if (const std::span rest(entry.rest); !rest.empty()) {
    writer.add_first(rest.front());
    for (const std::string& argument : rest.subspan(1)) writer.add(argument);
  }
  return std::move(writer).text();
}

std::string format_master_entry(const MasterEntry& entry, Folding folding) {
  std::string line;
  for (std::size_t i = 0; i < MasterEntry::Program; ++i) {
    line.resize(std::max(kColumns[i], line.size() + (i > 0 ? 1 : 0)), ' ');
    line += entry.fields[i];
  }
  line.resize(std::max(kColumns[MasterEntry::Program], line.size() + 1), ' ');
  return line + format_command(entry, folding, line.size());
}

}  // namespace handoff::postconf
