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
#include "tables/rule_list.h"
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

  [[nodiscard]] bool match(const NetworkAddress& address) const {
    return pattern.same_family(address) && pattern.contains(address) == matches;
  }
};

class Compiler {
 public:
  Compiler(std::string_view name, const TableOptions& options)
      : options_(options), warnings_("cidr", name) {}

  RuleList<Rule> compile(const std::vector<LogicalLine>& lines) {
    for (const LogicalLine& line : lines) {
      line_ = line.number;
      if (Status done = compile_line(line.text); !done)
        warnings_.warn(line_, done.error().what + ": skipping this rule");
    }
    warnings_.warn_unended(rules_.open_conditions());
    return std::move(rules_);
  }

 private:
  Status compile_line(std::string_view text) {
    if (is_keyword(text, "endif")) return compile_endif(util::trim_left(text.substr(5)));
    if (is_keyword(text, "if")) return compile_if(util::trim_left(text.substr(2)));
    return compile_rule(text);
  }

  Status compile_if(std::string_view text) {
    const bool matches = !take_negation(text);
    const Result<AddressPattern> pattern = parse_address(text);
    if (!pattern) return pattern.error();
    rules_.begin_condition({*pattern, matches, {}}, line_);
    return {};
  }

  Status compile_endif(std::string_view text) {
    if (!text.empty()) return misconfigured("garbage after ENDIF");
    if (!rules_.end_condition()) return misconfigured("ENDIF without IF");
    return {};
  }

  Status compile_rule(std::string_view text) {
    const bool matches = !take_negation(text);
    const Result<AddressPattern> pattern = parse_address(util::next_word(text));
    if (!pattern) return pattern.error();
    text = util::trim(text);
    if (text.empty()) return misconfigured("no lookup result");
    Result<std::string> result = rule_result(text, options_);
    if (!result) return result.error();
    rules_.add({*pattern, matches, *std::move(result)});
    return {};
  }

  static Result<AddressPattern> parse_address(std::string_view text) {
    if (text.empty()) return misconfigured("no address pattern");
    return AddressPattern::parse(text);
  }

  const TableOptions& options_;
  RuleWarnings warnings_;
  RuleList<Rule> rules_;
  int line_ = 0;
};

class CidrTable final : public Table {
 public:
  CidrTable(std::string_view name, RuleList<Rule> rules)
      : Table("cidr:" + std::string(name)), rules_(std::move(rules)) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view key) override {
    const auto address = NetworkAddress::parse(key);
    if (!address) return std::optional<std::string>();
    const Result<const Rule*> rule =
        rules_.find([&](const Rule& candidate) { return candidate.match(*address); });
    return *rule == nullptr ? std::optional<std::string>() : (*rule)->result;
  }

 private:
  RuleList<Rule> rules_;
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
