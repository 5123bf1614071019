// rule_file.h - the rules of regexp, pcre and cidr tables: in a file, or in the table's name,
// "{ {rule}, {rule} }".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tables/table_options.h"
#include "util/result.h"
#include "util/text_file.h"

namespace handoff::tables {

// Logical lines without trailing blanks. Errors: "open /x: No such file or directory",
// `regexp map: missing '}' in "{{/a/ b}"`.
util::Result<std::vector<util::LogicalLine>> read_rules(std::string_view type,
                                                        std::string_view name);

// The result of a rule, as it is written or (TableOptions::values_are_files) the content of files.
util::Result<std::string> rule_result(std::string_view text, const TableOptions& options);

// Warns: "regexp map /etc/x, line 3: no replacement text".
class RuleWarnings {
 public:
  RuleWarnings(std::string_view type, std::string_view name)
      : map_(std::string(type) + " map " + std::string(name)) {}

  void warn(int line, std::string_view problem) const;
  // RuleList::open_conditions().
  void warn_unended(const std::vector<int>& conditions) const;

 private:
  std::string map_;
};

// "IF", "if": the word at the beginning of the rule; not the beginning of a longer one.
bool is_keyword(std::string_view rule, std::string_view keyword);
// Takes every "!" off the front of `rest`. True: there was an odd number of them.
bool take_negation(std::string_view& rest);

}  // namespace handoff::tables
