// regexp:/path: patterns of regcomp(3), the first that matches decides.
//
//   /pattern/flags result          !/pattern/ result          /one/!/other/ result
//   if /pattern/ ... endif
#include <regex.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tables/replacement.h"
#include "tables/rule_file.h"
#include "tables/table_types.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::LogicalLine;
using util::Result;
using util::Status;

constexpr std::string_view kSkipped = ": skipping this rule";

// One pattern, as it is written.
struct PatternText {
  std::string text;
  int flags = REG_EXTENDED | REG_ICASE;
  bool matches = true;  // false: after "!"
};

class Pattern {
 public:
  // The error is regerror(3)'s.
  static Result<Pattern> compile(const PatternText& text) {
    Pattern pattern;
    pattern.matches_ = text.matches;
    auto expression = std::make_unique<regex_t>();
    const int code = regcomp(expression.get(), text.text.c_str(), text.flags);
    if (code != 0) {
      std::array<char, 200> what{};
      regerror(code, expression.get(), what.data(), what.size());
      return misconfigured(what.data());
    }
    pattern.compiled_.reset(expression.release());
    return pattern;
  }

  [[nodiscard]] int groups() const { return static_cast<int>(compiled_->re_nsub); }
  // As far as "!" has it; the groups are set for a match without "!" only.
  [[nodiscard]] bool matches(const std::string& key, std::vector<regmatch_t>& groups) const {
    const bool found = regexec(compiled_.get(), key.c_str(), groups.size(), groups.data(), 0) == 0;
    return found == matches_;
  }

 private:
  struct Free {
    void operator()(regex_t* expression) const {
      regfree(expression);
      delete expression;
    }
  };

  Pattern() = default;

  std::unique_ptr<regex_t, Free> compiled_;
  bool matches_ = true;
};

struct Rule {
  std::vector<Pattern> patterns;  // all of them; the first one gives the groups
  Replacement result;
  bool condition = false;  // an "if"
  std::size_t after = 0;   // condition: where to go on when it does not match
  int line = 0;
};

// "/pattern/flags", taken off the front of `rest`.
Result<PatternText> take_pattern(std::string_view& rest) {
  PatternText pattern;
  for (; rest.starts_with('!'); rest = util::trim_left(rest.substr(1)))
    pattern.matches = !pattern.matches;
  if (rest.empty()) return misconfigured("no regexp: skipping this rule");
  const char delimiter = rest.front();
  std::size_t end = 1;
  for (; end < rest.size() && rest[end] != delimiter; ++end)
    if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
  if (end >= rest.size()) {
    return misconfigured(std::string("no closing regexp delimiter \"") + delimiter +
                         "\": skipping this rule");
  }
  pattern.text = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  for (; !rest.empty() && !util::is_blank(rest.front()) && rest.front() != '!';
       rest.remove_prefix(1)) {
    switch (rest.front()) {
      case 'i':
        pattern.flags ^= REG_ICASE;
        break;
      case 'm':
        pattern.flags ^= REG_NEWLINE;
        break;
      case 'x':
        pattern.flags ^= REG_EXTENDED;
        break;
      default:
        return misconfigured(std::string("unknown regexp option \"") + rest.front() +
                             "\": skipping this rule");
    }
  }
  return pattern;
}

class Compiler {
 public:
  Compiler(std::string_view name, const TableOptions& options)
      : options_(options), warnings_("regexp", name) {}

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

  Status compile_match(std::string_view text) {
    Result<PatternText> first = take_pattern(text);
    if (!first) return first.error();
    std::vector<PatternText> patterns{*std::move(first)};
    if (text.starts_with('!')) {
      Result<PatternText> second = take_pattern(text);
      if (!second) return second.error();
      patterns.push_back(*std::move(second));
    }
    text = util::trim(text);
    if (text.empty()) warnings_.warn(line_, "no replacement text: using empty string");
    Result<Replacement> result = compile_result(text, patterns.front());
    if (!result) return result.error();
    return add(patterns, *std::move(result), false);
  }

  Result<Replacement> compile_result(std::string_view text, const PatternText& pattern) {
    if (options_.values_are_files) {
      Result<std::string> content = rule_result(text, options_);
      if (!content) return misconfigured(content.error().what + std::string(kSkipped));
      return Replacement::literal(*std::move(content));
    }
    std::optional<Replacement> result = Replacement::parse(
        text, [this](std::string_view problem) { warnings_.warn(line_, problem); });
    if (!result) return misconfigured("bad replacement syntax: skipping this rule");
    if (result->largest_group() > 0 && !pattern.matches) {
      return misconfigured("$number found in negative match replacement text: skipping this rule");
    }
    if (result->largest_group() > 0 && options_.no_substitution)
      return misconfigured("regular expression substitution is not allowed: skipping this rule");
    return *std::move(result);
  }

  Status compile_if(std::string_view text) {
    const Result<PatternText> pattern = take_pattern(text);
    if (!pattern) return pattern.error();
    text = util::trim_left(text);
    if (!text.empty()) {
      warnings_.warn(line_, "ignoring extra text after IF statement: \"" + std::string(text) + '"');
      warnings_.warn(line_, "do not prepend whitespace to statements between IF and ENDIF");
    }
    Status added = add({*pattern}, Replacement::literal({}), true);
    if (added) conditions_.push_back(rules_.size() - 1);
    return added;
  }

  Status compile_endif(std::string_view text) {
    if (conditions_.empty()) return misconfigured("ignoring ENDIF without matching IF");
    if (!text.empty()) warnings_.warn(line_, "ignoring extra text after ENDIF");
    rules_[conditions_.back()].after = rules_.size();
    conditions_.pop_back();
    return {};
  }

  Status add(const std::vector<PatternText>& texts, Replacement result, bool condition) {
    Rule rule{{}, std::move(result), condition, 0, line_};
    for (const PatternText& text : texts) {
      Result<Pattern> pattern = Pattern::compile(text);
      if (!pattern) return pattern.error();
      rule.patterns.push_back(*std::move(pattern));
    }
    const int largest = rule.result.largest_group();
    if (largest > rule.patterns.front().groups()) {
      return misconfigured("out of range replacement index \"" + std::to_string(largest) +
                           "\": skipping this rule");
    }
    rules_.push_back(std::move(rule));
    return {};
  }

  const TableOptions& options_;
  RuleWarnings warnings_;
  std::vector<Rule> rules_;
  std::vector<std::size_t> conditions_;  // of "if"s that are still open, indexes
  int line_ = 0;
};

class RegexpTable final : public Table {
 public:
  RegexpTable(std::string_view name, std::vector<Rule> rules)
      : Table("regexp:" + std::string(name)), rules_(std::move(rules)) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view asked) override {
    const std::string key(asked);
    for (std::size_t i = 0; i < rules_.size();) {
      const Rule& rule = rules_[i];
      std::vector<regmatch_t> groups(static_cast<std::size_t>(rule.result.largest_group()) + 1);
      const bool matches = match(rule, key, groups);
      if (matches && !rule.condition) return std::optional(expand(rule, key, groups));
      i = matches || !rule.condition ? i + 1 : rule.after;
    }
    return std::optional<std::string>();
  }

 private:
  static bool match(const Rule& rule, const std::string& key, std::vector<regmatch_t>& groups) {
    if (!rule.patterns.front().matches(key, groups)) return false;
    std::vector<regmatch_t> none;
    return rule.patterns.size() == 1 || rule.patterns.back().matches(key, none);
  }

  static std::string expand(const Rule& rule, const std::string& key,
                            const std::vector<regmatch_t>& groups) {
    return rule.result.expand([&](int group) {
      const regmatch_t& match = groups[static_cast<std::size_t>(group)];
      if (match.rm_so < 0) return std::string_view();
      return std::string_view(key).substr(static_cast<std::size_t>(match.rm_so),
                                          static_cast<std::size_t>(match.rm_eo - match.rm_so));
    });
  }

  std::vector<Rule> rules_;
};

}  // namespace

OpenedTable open_regexp_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("regexp", name, options); !allowed) return allowed.error();
  const Result<std::vector<LogicalLine>> lines = read_rules("regexp", name);
  if (!lines) return lines.error();
  return std::unique_ptr<Table>(
      std::make_unique<RegexpTable>(name, Compiler(name, options).compile(*lines)));
}

}  // namespace handoff::tables
