// pcre_table.h - rules with the regular expressions of a plug-in; the first that matches decides.
//
//   /pattern/flags result          !/pattern/ result          if /pattern/ ... endif
#pragma once

#include <string>

#include "tables/plugin_abi.h"
#include "tables/table_type.h"

namespace handoff::tables {

// `expressions` lives for ever.
TableType pattern_type(std::string name, const plugin::Expressions& expressions);

}  // namespace handoff::tables
