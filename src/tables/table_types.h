// table_types.h - the types of tables that need no library, each by its opener.
//
// `name` is what follows "type:"; table.h is what users of tables want.
#pragma once

#include <string_view>

#include "tables/table_type.h"

namespace handoff::tables {

// The same value for every key: "static:value" or "static:{value with blanks}".
OpenedTable open_static_table(std::string_view name, const TableOptions& options);
// "inline:{key=value, {key = value with blanks}}"; the last value of a key wins.
OpenedTable open_inline_table(std::string_view name, const TableOptions& options);
// A postmap(1) source file, read into memory. A key that stands there twice is an error.
OpenedTable open_texthash_table(std::string_view path, const TableOptions& options);
// Answers every question with an error: "fail:whatever", for tests.
OpenedTable open_fail_table(std::string_view name, const TableOptions& options);

}  // namespace handoff::tables
