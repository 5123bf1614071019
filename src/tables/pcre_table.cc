#include "tables/pcre_table.h"

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tables/replacement.h"
#include "tables/rule_file.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

namespace flag = plugin::expression_flag;
using plugin::Expressions;
using plugin::Group;
using plugin::Outcome;
using util::Error;
using util::LogicalLine;
using util::Result;
using util::Status;

constexpr std::uint32_t kUsualFlags = flag::kIgnoreCase | flag::kDotMatchesNewline;

void keep(void* kept, plugin::Text text) {
  static_cast<std::string*>(kept)->assign(text.data, text.size);
}

struct Pattern {
  std::string text;
  std::uint32_t flags = kUsualFlags;
  bool matches = true;  // false: after "!"
};

class Release {
 public:
  explicit Release(const Expressions& expressions) : expressions_(&expressions) {}
  void operator()(void* expression) const { expressions_->release(expression); }

 private:
  const Expressions* expressions_;
};
using Expression = std::unique_ptr<void, Release>;

struct Rule {
  Expression expression;
  bool matches = true;
  Replacement result;
  bool condition = false;  // an "if"
  std::size_t after = 0;   // condition: where to go on when it does not match
  int line = 0;
};

std::optional<std::uint32_t> flag_of(char letter) {
  switch (letter) {
    case 'i':
      return flag::kIgnoreCase;
    case 'm':
      return flag::kManyLines;
    case 's':
      return flag::kDotMatchesNewline;
    case 'x':
      return flag::kExtended;
    case 'A':
      return flag::kAnchored;
    case 'E':
      return flag::kDollarAtEndOnly;
    case 'U':
      return flag::kUngreedy;
    default:
      return std::nullopt;
  }
}

// Stock writes this in two ways.
std::string as_for_pcre(std::string_view problem) {
  constexpr std::string_view kRegexp = "out-of-range";
  if (!problem.starts_with(kRegexp)) return std::string(problem);
  return "out of range" + std::string(problem.substr(kRegexp.size()));
}

class Compiler {
 public:
  Compiler(const std::string& type, std::string_view name, const TableOptions& options,
           const Expressions& expressions)
      : options_(options), expressions_(expressions), warnings_(type, name) {}

  std::vector<Rule> compile(const std::vector<LogicalLine>& lines) {
    for (const LogicalLine& line : lines) {
      line_ = line.number;
      if (Status done = compile_line(line.text); !done) warnings_.warn(line_, done.error().what);
    }
    for (; !conditions_.empty(); conditions_.pop_back()) {
      Rule& open = rules_[conditions_.back()];
      warnings_.warn(open.line, "IF has no matching ENDIF");
      open.after = rules_.size();
    }
    return std::move(rules_);
  }

 private:
  Status compile_line(std::string_view text) {
    if (!util::is_alnum(text.front())) return compile_match(text);
    if (is_keyword(text, "if")) return compile_if(util::trim_left(text.substr(2)));
    if (is_keyword(text, "endif")) return compile_endif(util::trim_left(text.substr(5)));
    return misconfigured("ignoring unrecognized request");
  }

  Result<Pattern> take_pattern(std::string_view& rest) const;
  Status take_flags(std::string_view& rest, Pattern& pattern) const;
  Status compile_match(std::string_view text);
  Result<Replacement> compile_result(std::string_view text, const Pattern& pattern);
  Status compile_if(std::string_view text);
  Status compile_endif(std::string_view text);
  Status add(const Pattern& pattern, Replacement result, bool condition);

  const TableOptions& options_;
  const Expressions& expressions_;
  RuleWarnings warnings_;
  std::vector<Rule> rules_;
  std::vector<std::size_t> conditions_;  // of "if"s that are still open, indexes
  int line_ = 0;
};

// "/pattern/flags", taken off the front of `rest`.
Result<Pattern> Compiler::take_pattern(std::string_view& rest) const {
  Pattern pattern;
  for (; rest.starts_with('!'); rest = util::trim_left(rest.substr(1)))
    pattern.matches = !pattern.matches;
  if (rest.empty()) return misconfigured("no regexp: skipping this rule");
  const char delimiter = rest.front();
  std::size_t end = 1;
  for (; end < rest.size() && rest[end] != delimiter; ++end)
    if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
  if (end >= rest.size()) {
    return misconfigured(std::string("no closing regexp delimiter \"") + delimiter +
                         "\": ignoring this rule");
  }
  pattern.text = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (Status taken = take_flags(rest, pattern); !taken) return taken.error();
  return pattern;
}

Status Compiler::take_flags(std::string_view& rest, Pattern& pattern) const {
  for (; !rest.empty() && !util::is_blank(rest.front()); rest.remove_prefix(1)) {
    const char letter = rest.front();
    if (const std::optional<std::uint32_t> known = flag_of(letter)) {
      pattern.flags ^= *known;
    } else if (letter == 'X') {
      warnings_.warn(line_, "ignoring obsolete regexp option \"X\"");
    } else {
      return misconfigured(std::string("unknown regexp option \"") + letter +
                           "\": skipping this rule");
    }
  }
  return {};
}

Status Compiler::compile_match(std::string_view text) {
  const Result<Pattern> pattern = take_pattern(text);
  if (!pattern) return pattern.error();
  text = util::trim(text);
  if (text.empty()) warnings_.warn(line_, "no replacement text: using empty string");
  Result<Replacement> result = compile_result(text, *pattern);
  if (!result) return result.error();
  return add(*pattern, *std::move(result), false);
}

Result<Replacement> Compiler::compile_result(std::string_view text, const Pattern& pattern) {
  if (options_.values_are_files) {
    Result<std::string> content = rule_result(text, options_);
    if (!content) return misconfigured(content.error().what + ": skipping this rule");
    return Replacement::literal(*std::move(content));
  }
  std::optional<Replacement> result = Replacement::parse(
      text, [this](std::string_view problem) { warnings_.warn(line_, as_for_pcre(problem)); });
  if (!result) return misconfigured("bad replacement syntax: skipping this rule");
  if (result->largest_group() > 0 && !pattern.matches)
    return misconfigured("$number found in negative match replacement text: skipping this rule");
  if (result->largest_group() > 0 && options_.no_substitution)
    return misconfigured("regular expression substitution is not allowed: skipping this rule");
  return *std::move(result);
}

Status Compiler::compile_if(std::string_view text) {
  const Result<Pattern> pattern = take_pattern(text);
  if (!pattern) return pattern.error();
  text = util::trim_left(text);
  if (!text.empty()) {
    warnings_.warn(line_, "ignoring extra text after IF statement: \"" + std::string(text) + '"');
    warnings_.warn(line_, "do not prepend whitespace to statements between IF and ENDIF");
  }
  Status added = add(*pattern, Replacement::literal({}), true);
  if (added) conditions_.push_back(rules_.size() - 1);
  return added;
}

Status Compiler::compile_endif(std::string_view text) {
  if (conditions_.empty()) return misconfigured("ignoring ENDIF without matching IF");
  if (!text.empty()) warnings_.warn(line_, "ignoring extra text after ENDIF");
  rules_[conditions_.back()].after = rules_.size();
  conditions_.pop_back();
  return {};
}

Status Compiler::add(const Pattern& pattern, Replacement result, bool condition) {
  void* made = nullptr;
  std::string reason;
  const plugin::Text text{pattern.text.data(), pattern.text.size()};
  if (expressions_.compile(text, pattern.flags, &made, {&reason, keep}) != Outcome::Done)
    return misconfigured(reason);
  Expression expression(made, Release(expressions_));
  const int largest = result.largest_group();
  if (static_cast<std::size_t>(largest) > expressions_.count_groups(made)) {
    return misconfigured("out of range replacement index \"" + std::to_string(largest) +
                         "\": skipping this rule");
  }
  rules_.push_back(
      {std::move(expression), pattern.matches, std::move(result), condition, 0, line_});
  return {};
}

class PatternTable final : public Table {
 public:
  PatternTable(const std::string& type, std::string_view name, std::vector<Rule> rules,
               const Expressions& expressions)
      : Table(type + ':' + std::string(name)),
        warnings_(type, name),
        rules_(std::move(rules)),
        expressions_(expressions) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view key) override {
    for (std::size_t i = 0; i < rules_.size();) {
      const Rule& rule = rules_[i];
      std::vector<Group> groups(static_cast<std::size_t>(rule.result.largest_group()) + 1);
      const Result<bool> matches = match(rule, key, groups);
      if (!matches) return matches.error();
      if (*matches && !rule.condition) return std::optional(expand(rule, key, groups));
      i = *matches || !rule.condition ? i + 1 : rule.after;
    }
    return std::optional<std::string>();
  }

 private:
  // An error: the key was too hard for the expression, so nobody knows what it means.
  Result<bool> match(const Rule& rule, std::string_view key, std::vector<Group>& groups) const {
    std::string reason;
    const Outcome outcome = expressions_.match(rule.expression.get(), {key.data(), key.size()},
                                               groups.data(), groups.size(), {&reason, keep});
    if (outcome == Outcome::Done || outcome == Outcome::Absent)
      return (outcome == Outcome::Done) == rule.matches;
    warnings_.warn(rule.line, reason);
    return unavailable(reason);
  }

  static std::string expand(const Rule& rule, std::string_view key,
                            const std::vector<Group>& groups) {
    return rule.result.expand([&](int number) {
      const Group& group = groups[static_cast<std::size_t>(number)];
      if (group.begin == plugin::kUnset) return std::string_view();
      return key.substr(group.begin, group.end - group.begin);
    });
  }

  RuleWarnings warnings_;
  std::vector<Rule> rules_;
  const Expressions& expressions_;
};

}  // namespace

TableType pattern_type(std::string name, const Expressions& expressions) {
  TableType type;
  type.name = name;
  type.open = [name, &expressions](std::string_view table,
                                   const TableOptions& options) -> OpenedTable {
    if (Status allowed = require_read_only(name, table, options); !allowed) return allowed.error();
    const Result<std::vector<LogicalLine>> lines = read_rules(name, table);
    if (!lines) return lines.error();
    return std::unique_ptr<Table>(std::make_unique<PatternTable>(
        name, table, Compiler(name, table, options, expressions).compile(*lines), expressions));
  };
  return type;
}

}  // namespace handoff::tables
