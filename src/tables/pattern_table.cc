#include "tables/pattern_table.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tables/replacement.h"
#include "tables/rule_file.h"
#include "tables/rule_list.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using plugin::Expressions;
using plugin::Group;
using plugin::Outcome;
using util::LogicalLine;
using util::Result;
using util::Status;

// One pattern, as it is written.
struct PatternText {
  std::string text;
  std::uint32_t flags = 0;
  bool matches = true;  // false: after "!"
};

class Release {
 public:
  explicit Release(const Expressions& expressions) : expressions_(&expressions) {}
  void operator()(void* expression) const { expressions_->release(expression); }

 private:
  const Expressions* expressions_;
};

class Pattern {
 public:
  // The error is the library's.
  static Result<Pattern> compile(const PatternText& text, const Expressions& expressions) {
    void* made = nullptr;
    std::string reason;
    const Outcome outcome =
        expressions.compile(plugin::text_of(text.text), text.flags, &made, plugin::into(reason));
    if (outcome != Outcome::Done) return misconfigured(reason);
    return Pattern(made, text.matches, expressions);
  }

  [[nodiscard]] std::size_t count_groups() const {
    return expressions_->count_groups(expression_.get());
  }

  // As far as "!" has it; `groups`, of any size, are set for a match without "!" only. An error:
  // the key is too hard for the expression, so nobody knows what it means.
  Result<bool> match(std::string_view key, std::vector<Group>& groups) const {
    std::string reason;
    const Outcome outcome = expressions_->match(expression_.get(), plugin::text_of(key),
                                                groups.data(), groups.size(), plugin::into(reason));
    if (outcome == Outcome::Done || outcome == Outcome::Absent)
      return (outcome == Outcome::Done) == matches_;
    return unavailable(reason);
  }

 private:
  Pattern(void* expression, bool matches, const Expressions& expressions)
      : expression_(expression, Release(expressions)),
        matches_(matches),
        expressions_(&expressions) {}

  std::unique_ptr<void, Release> expression_;
  bool matches_;
  const Expressions* expressions_;
};

struct Rule {
  std::vector<Pattern> patterns;  // all of them must match; the first one gives the groups
  Replacement result;
  int line = 0;

  Result<bool> match(std::string_view key, std::vector<Group>& groups) const {
    groups.resize(static_cast<std::size_t>(result.largest_group()) + 1);
    std::vector<Group> none;
    for (const Pattern& pattern : patterns) {
      Result<bool> matches = pattern.match(key, &pattern == &patterns.front() ? groups : none);
      if (!matches || !*matches) return matches;
    }
    return true;
  }
};

class Compiler {
 public:
  Compiler(std::string_view type, std::string_view name, const TableOptions& options,
           const Expressions& expressions, const PatternDialect& dialect)
      : options_(options), expressions_(expressions), dialect_(dialect), warnings_(type, name) {}

  RuleList<Rule> compile(const std::vector<LogicalLine>& lines) {
    for (const LogicalLine& line : lines) {
      line_ = line.number;
      if (Status done = compile_line(line.text); !done) warnings_.warn(line_, done.error().what);
    }
    warnings_.warn_unended(rules_.open_conditions());
    return std::move(rules_);
  }

 private:
  Status compile_line(std::string_view text) {
    if (!util::is_alnum(text.front())) return compile_match(text);
    if (is_keyword(text, "if")) return compile_if(util::trim_left(text.substr(2)));
    if (is_keyword(text, "endif")) return compile_endif(util::trim_left(text.substr(5)));
    return misconfigured("ignoring unrecognized request");
  }

  Status compile_match(std::string_view text);
  Status compile_if(std::string_view text);
  Status compile_endif(std::string_view text);

  Result<PatternText> take_pattern(std::string_view& rest) const;
  Status take_flags(std::string_view& rest, PatternText& pattern) const;
  Status take_flag(char letter, PatternText& pattern) const;
  Result<std::vector<PatternText>> take_patterns(std::string_view& rest) const;
  Result<Replacement> compile_result(std::string_view text, const PatternText& pattern) const;
  Result<Rule> compile_rule(const std::vector<PatternText>& texts, Replacement result) const;

  const TableOptions& options_;
  const Expressions& expressions_;
  const PatternDialect& dialect_;
  RuleWarnings warnings_;
  RuleList<Rule> rules_;
  int line_ = 0;
};

Status Compiler::compile_match(std::string_view text) {
  const Result<std::vector<PatternText>> patterns = take_patterns(text);
  if (!patterns) return patterns.error();
  text = util::trim(text);
  if (text.empty()) warnings_.warn(line_, "no replacement text: using empty string");
  Result<Replacement> result = compile_result(text, patterns->front());
  if (!result) return result.error();
  Result<Rule> rule = compile_rule(*patterns, *std::move(result));
  if (!rule) return rule.error();
  rules_.add(*std::move(rule));
  return {};
}

Status Compiler::compile_if(std::string_view text) {
  const Result<PatternText> pattern = take_pattern(text);
  if (!pattern) return pattern.error();
  text = util::trim_left(text);
  if (!text.empty()) {
    warnings_.warn(line_, "ignoring extra text after IF statement: \"" + std::string(text) + '"');
    warnings_.warn(line_, "do not prepend whitespace to statements between IF and ENDIF");
  }
  Result<Rule> rule = compile_rule({*pattern}, Replacement::literal({}));
  if (!rule) return rule.error();
  rules_.begin_condition(*std::move(rule), line_);
  return {};
}

Status Compiler::compile_endif(std::string_view text) {
  if (!rules_.end_condition()) return misconfigured("ignoring ENDIF without matching IF");
  if (!text.empty()) warnings_.warn(line_, "ignoring extra text after ENDIF");
  return {};
}

// "/pattern/flags", taken off the front of `rest`.
Result<PatternText> Compiler::take_pattern(std::string_view& rest) const {
  PatternText pattern;
  pattern.matches = !take_negation(rest);
  pattern.flags = dialect_.usual_flags;
  if (rest.empty()) return misconfigured("no regexp: skipping this rule");
  const char delimiter = rest.front();
  std::size_t end = 1;
  for (; end < rest.size() && rest[end] != delimiter; ++end)
    if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
  if (end >= rest.size()) {
    return misconfigured(std::string("no closing regexp delimiter \"") + delimiter +
                         "\": " + std::string(dialect_.unclosed));
  }
  pattern.text = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (Status taken = take_flags(rest, pattern); !taken) return taken.error();
  return pattern;
}

Status Compiler::take_flags(std::string_view& rest, PatternText& pattern) const {
  for (; !rest.empty() && !util::is_blank(rest.front()); rest.remove_prefix(1)) {
    if (dialect_.second_pattern && rest.front() == '!') break;
    if (Status taken = take_flag(rest.front(), pattern); !taken) return taken;
  }
  return {};
}

Status Compiler::take_flag(char letter, PatternText& pattern) const {
  const auto known = std::ranges::find(dialect_.flags, letter, &PatternFlag::letter);
  if (known != dialect_.flags.end()) {
    pattern.flags ^= known->flag;
    return {};
  }
  if (dialect_.obsolete_flags.find(letter) == std::string_view::npos) {
    return misconfigured(std::string("unknown regexp option \"") + letter +
                         "\": skipping this rule");
  }
  warnings_.warn(line_, std::string("ignoring obsolete regexp option \"") + letter + '"');
  return {};
}

Result<std::vector<PatternText>> Compiler::take_patterns(std::string_view& rest) const {
  std::vector<PatternText> patterns;
  do {
    Result<PatternText> pattern = take_pattern(rest);
    if (!pattern) return pattern.error();
    patterns.push_back(*std::move(pattern));
  } while (dialect_.second_pattern && patterns.size() == 1 && rest.starts_with('!'));
  return patterns;
}

Result<Replacement> Compiler::compile_result(std::string_view text,
                                             const PatternText& pattern) const {
  if (options_.values_are_files) {
    Result<std::string> content = rule_result(text, options_);
    if (!content) return misconfigured(content.error().what + ": skipping this rule");
    return Replacement::literal(*std::move(content));
  }
  std::optional<Replacement> result =
      Replacement::parse(text, dialect_.out_of_range,
                         [this](std::string_view problem) { warnings_.warn(line_, problem); });
  if (!result) return misconfigured("bad replacement syntax: skipping this rule");
  if (result->largest_group() > 0 && !pattern.matches)
    return misconfigured("$number found in negative match replacement text: skipping this rule");
  if (result->largest_group() > 0 && options_.no_substitution)
    return misconfigured("regular expression substitution is not allowed: skipping this rule");
  return *std::move(result);
}

Result<Rule> Compiler::compile_rule(const std::vector<PatternText>& texts,
                                    Replacement result) const {
  Rule rule{{}, std::move(result), line_};
  for (const PatternText& text : texts) {
    Result<Pattern> pattern = Pattern::compile(text, expressions_);
    if (!pattern) return pattern.error();
    rule.patterns.push_back(*std::move(pattern));
  }
  const int largest = rule.result.largest_group();
  if (static_cast<std::size_t>(largest) > rule.patterns.front().count_groups()) {
    return misconfigured("out of range replacement index \"" + std::to_string(largest) +
                         "\": skipping this rule");
  }
  return rule;
}

class PatternTable final : public Table {
 public:
  PatternTable(std::string_view type, std::string_view name, RuleList<Rule> rules)
      : Table(std::string(type) + ':' + std::string(name)),
        warnings_(type, name),
        rules_(std::move(rules)) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view key) override {
    std::vector<Group> groups;
    const Result<const Rule*> rule = rules_.find([&](const Rule& candidate) {
      Result<bool> matches = candidate.match(key, groups);
      if (!matches) warnings_.warn(candidate.line, matches.error().what);
      return matches;
    });
    if (!rule) return rule.error();
    if (*rule == nullptr) return std::optional<std::string>();
    return std::optional(expand((*rule)->result, key, groups));
  }

 private:
  static std::string expand(const Replacement& result, std::string_view key,
                            const std::vector<Group>& groups) {
    return result.expand([&](int number) {
      const Group& group = groups[static_cast<std::size_t>(number)];
      if (group.begin == plugin::kUnset) return std::string_view();
      return key.substr(group.begin, group.end - group.begin);
    });
  }

  RuleWarnings warnings_;
  RuleList<Rule> rules_;
};

namespace flag = plugin::expression_flag;
constexpr std::array kPcreFlags{
    PatternFlag{'i', flag::kIgnoreCase},        PatternFlag{'m', flag::kManyLines},
    PatternFlag{'s', flag::kDotMatchesNewline}, PatternFlag{'x', flag::kExtended},
    PatternFlag{'A', flag::kAnchored},          PatternFlag{'E', flag::kDollarAtEndOnly},
    PatternFlag{'U', flag::kUngreedy},
};
constexpr PatternDialect kPcreDialect{.usual_flags = flag::kIgnoreCase | flag::kDotMatchesNewline,
                                      .flags = kPcreFlags,
                                      .obsolete_flags = "X",
                                      .second_pattern = false,
                                      .unclosed = "ignoring this rule",
                                      .out_of_range = "out of range"};

}  // namespace

OpenedTable open_pattern_table(std::string_view type, std::string_view name,
                               const TableOptions& options, const Expressions& expressions,
                               const PatternDialect& dialect) {
  if (Status allowed = require_read_only(type, name, options); !allowed) return allowed.error();
  const Result<std::vector<LogicalLine>> lines = read_rules(type, name);
  if (!lines) return lines.error();
  return std::unique_ptr<Table>(std::make_unique<PatternTable>(
      type, name, Compiler(type, name, options, expressions, dialect).compile(*lines)));
}

TableType plugin_pattern_type(std::string name, const Expressions& expressions) {
  TableType type;
  type.name = name;
  type.open = [name, &expressions](std::string_view table, const TableOptions& options) {
    return open_pattern_table(name, table, options, expressions, kPcreDialect);
  };
  return type;
}

}  // namespace handoff::tables
