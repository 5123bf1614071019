// cidr:/path: networks, the first that contains the address decides.
//
//   192.0.2.0/24 result       !192.0.2.0/24 result       if 10.0.0.0/8 ... endif
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tables/address_pattern.h"
#include "tables/rule_file.h"
#include "tables/table_types.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::LogicalLine;
using util::Result;
using util::Status;

struct Rule {
  AddressPattern pattern;
  bool matches = true;  // false: after "!"
  std::string result;
  bool condition = false;  // an "if"
  std::size_t after = 0;   // condition: where to go on when it does not match
  int line = 0;

  [[nodiscard]] bool match(const NetworkAddress& address) const {
    return pattern.same_family(address) && pattern.contains(address) == matches;
  }
};

class Compiler {
 public:
  Compiler(std::string_view name, const TableOptions& options)
      : options_(options), warnings_("cidr", name) {}

  std::vector<Rule> compile(const std::vector<LogicalLine>& lines) {
    for (const LogicalLine& line : lines) {
      line_ = line.number;
      if (Status done = compile_line(line.text); !done)
        warnings_.warn(line_, done.error().what + ": skipping this rule");
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
    if (is_keyword(text, "endif")) return compile_endif(util::trim_left(text.substr(5)));
    if (!is_keyword(text, "if")) return compile_rule(text, false);
    Status added = compile_rule(util::trim_left(text.substr(2)), true);
    if (added) conditions_.push_back(rules_.size() - 1);
    return added;
  }

  Status compile_endif(std::string_view text) {
    if (!text.empty()) return misconfigured("garbage after ENDIF");
    if (conditions_.empty()) return misconfigured("ENDIF without IF");
    rules_[conditions_.back()].after = rules_.size();
    conditions_.pop_back();
    return {};
  }

  Status compile_rule(std::string_view text, bool condition) {
    bool matches = true;
    for (; text.starts_with('!'); text = util::trim_left(text.substr(1))) matches = !matches;
    std::string_view rest = text;
    const std::string_view address = condition ? text : util::next_word(rest);
    if (address.empty()) return misconfigured("no address pattern");
    const Result<AddressPattern> pattern = AddressPattern::parse(address);
    if (!pattern) return pattern.error();
    rest = util::trim(rest);
    if (!condition && rest.empty()) return misconfigured("no lookup result");
    Result<std::string> result = condition ? std::string() : rule_result(rest, options_);
    if (!result) return result.error();
    rules_.push_back({*pattern, matches, *std::move(result), condition, 0, line_});
    return {};
  }

  const TableOptions& options_;
  RuleWarnings warnings_;
  std::vector<Rule> rules_;
  std::vector<std::size_t> conditions_;  // of "if"s that are still open, indexes
  int line_ = 0;
};

class CidrTable final : public Table {
 public:
  CidrTable(std::string_view name, std::vector<Rule> rules)
      : Table("cidr:" + std::string(name)), rules_(std::move(rules)) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view key) override {
    const auto address = NetworkAddress::parse(key);
    if (!address) return std::optional<std::string>();
    for (std::size_t i = 0; i < rules_.size();) {
      const Rule& rule = rules_[i];
      const bool matches = rule.match(*address);
      if (matches && !rule.condition) return std::optional(rule.result);
      i = matches || !rule.condition ? i + 1 : rule.after;
    }
    return std::optional<std::string>();
  }

 private:
  std::vector<Rule> rules_;
};

}  // namespace

OpenedTable open_cidr_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("cidr", name, options); !allowed) return allowed.error();
  const Result<std::vector<LogicalLine>> lines = read_rules("cidr", name);
  if (!lines) return lines.error();
  return std::unique_ptr<Table>(
      std::make_unique<CidrTable>(name, Compiler(name, options).compile(*lines)));
}

}  // namespace handoff::tables
