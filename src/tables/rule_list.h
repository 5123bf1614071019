// rule_list.h - rules in their order, some of them between "if" and "endif": what regexp, pcre and
// cidr tables have in common.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "util/result.h"

namespace handoff::tables {

template <class Rule>
class RuleList {
 public:
  void add(Rule rule) { entries_.push_back({std::move(rule), false}); }

  // What follows counts only if `rule` matches, up to its end_condition() or the end of the list.
  // `line` is for open_conditions().
  void begin_condition(Rule rule, int line) {
    open_.push_back({entries_.size(), line});
    entries_.push_back({std::move(rule), true});
  }

  // False: no condition is open.
  [[nodiscard]] bool end_condition() {
    if (open_.empty()) return false;
    entries_[open_.back().entry].after = entries_.size();
    open_.pop_back();
    return true;
  }

  // The lines of conditions without an end, the innermost first.
  [[nodiscard]] std::vector<int> open_conditions() const {
    std::vector<int> lines;
    for (auto open = open_.rbegin(); open != open_.rend(); ++open) lines.push_back(open->line);
    return lines;
  }

  // The first rule, conditions aside, for which `matches(rule)` is true, or null. matches() returns
  // a util::Result<bool>; its first error is the result.
  template <class Matches>
  [[nodiscard]] util::Result<const Rule*> find(const Matches& matches) const {
    for (std::size_t i = 0; i < entries_.size();) {
      const Entry& entry = entries_[i];
      const util::Result<bool> matched = matches(entry.rule);
      if (!matched) return matched.error();
      if (*matched && !entry.condition) return &entry.rule;
      i = *matched || !entry.condition ? i + 1 : entry.after;
    }
    return nullptr;
  }

 private:
  struct Entry {
    Rule rule;
    bool condition;
    std::size_t after = std::numeric_limits<std::size_t>::max();  // where a false condition leads
  };
  struct OpenCondition {
    std::size_t entry;
    int line;
  };

  std::vector<Entry> entries_;
  std::vector<OpenCondition> open_;
};

}  // namespace handoff::tables
