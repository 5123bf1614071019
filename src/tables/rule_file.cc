#include "tables/rule_file.h"

#include "tables/source_file.h"
#include "util/braces.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::LogicalLine;
using util::Result;

constexpr std::string_view kSeparators = ", \t\r\n";

// Each rule is a line of its own, so that they are counted.
Result<std::string> rules_in_name(std::string_view type, std::string_view name) {
  const auto bad = [&](const std::string& problem) {
    return Error::syntax(std::string(type) + " map: " + problem);
  };
  const Result<std::string_view> list = util::without_braces(name);
  if (!list) return bad(list.error().what);
  std::string text;
  std::string_view rest = *list;
  while (true) {
    const std::string_view word = util::next_brace_word(rest, kSeparators);
    if (word.empty()) return text;
    if (!word.starts_with('{'))
      return bad("no '{' at start of text in \"" + std::string(word) + '"');
    const Result<std::string_view> rule = util::without_braces(word);
    if (!rule) return bad(rule.error().what);
    text.append(*rule).append("\n");
  }
}

}  // namespace

Result<std::vector<LogicalLine>> read_rules(std::string_view type, std::string_view name) {
  const Result<std::string> text =
      name.starts_with('{') ? rules_in_name(type, name) : util::read_text_file(std::string(name));
  if (!text) return text.error();
  std::vector<LogicalLine> lines = util::logical_lines(*text, name);
  for (LogicalLine& line : lines) line.text.resize(util::trim_right(line.text).size());
  std::erase_if(lines, [](const LogicalLine& line) { return line.text.empty(); });
  return lines;
}

Result<std::string> rule_result(std::string_view text, const TableOptions& options) {
  return options.values_are_files ? encode_files(text) : std::string(text);
}

void RuleWarnings::warn(int line, std::string_view problem) const {
  msg::warn("{}, line {}: {}", map_, line, problem);
}

void RuleWarnings::warn_unended(const std::vector<int>& conditions) const {
  for (const int line : conditions) warn(line, "IF has no matching ENDIF");
}

bool is_keyword(std::string_view rule, std::string_view keyword) {
  return util::starts_with_ignoring_case(rule, keyword) &&
         (rule.size() == keyword.size() || !util::is_alnum(rule[keyword.size()]));
}

bool take_negation(std::string_view& rest) {
  bool odd = false;
  for (; rest.starts_with('!'); rest = util::trim_left(rest.substr(1))) odd = !odd;
  return odd;
}

}  // namespace handoff::tables
