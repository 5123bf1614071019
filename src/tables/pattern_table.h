// pattern_table.h - rules with regular expressions; the first that matches decides.
//
//   /pattern/flags result          !/pattern/ result          if /pattern/ ... endif
//
// regexp and pcre differ in who matches the expressions (plugin::Expressions) and, a little, in how
// they are written and what is said of mistakes (PatternDialect).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tables/plugin_abi.h"
#include "tables/table_type.h"

namespace handoff::tables {

struct PatternFlag {
  char letter;
  std::uint32_t flag;  // plugin::expression_flag
};

struct PatternDialect {
  std::uint32_t usual_flags;           // those that a letter switches off
  std::span<const PatternFlag> flags;  // live for ever
  std::string_view obsolete_flags;     // letters that are ignored with a warning
  bool second_pattern;                 // "/one/!/other/ result"
  // Words of the log.
  std::string_view unclosed;      // what happens to a rule without a closing delimiter
  std::string_view out_of_range;  // said of "$0"
};

// `name` is what follows "type:"; `expressions` live for ever.
OpenedTable open_pattern_table(std::string_view type, std::string_view name,
                               const TableOptions& options, const plugin::Expressions& expressions,
                               const PatternDialect& dialect);

// The type of a plug-in, which writes its rules as pcre does.
TableType plugin_pattern_type(std::string name, const plugin::Expressions& expressions);

}  // namespace handoff::tables
