// table_type.h - the types of tables that there are: those of this room, and plug-ins.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tables/table.h"
#include "tables/table_builder.h"
#include "tables/table_options.h"
#include "util/result.h"

namespace handoff::tables {

using OpenedTable = util::Result<std::unique_ptr<Table>>;
using CreatedTable = util::Result<std::unique_ptr<TableBuilder>>;

// `name` is what follows "type:". Keys are folded, and UTF-8 is checked, before a table is asked
// (checked_table.h), so that types need not; those that store keys themselves when they are opened
// fold them.
struct TableType {
  std::string name;
  std::function<OpenedTable(std::string_view name, const TableOptions& options)> open;
  // Empty: tables of this type cannot be made by postmap(1).
  std::function<CreatedTable(std::string_view name, const TableOptions& options)> create;
  // Asks other tables in turn, which fold by themselves.
  bool delegates = false;
};

// Null, or the error: there is no such type ("unsupported dictionary type: nosuch").
// `to_create`: for create_table(), which wants another text.
util::Result<const TableType*> find_type(std::string_view type);

// The names of the types that are built in, sorted.
std::vector<std::string> built_in_types();

// "table hash:/x: update operation is not supported" and so on.
util::Error unsupported_operation(const Table& table, std::string_view operation);
// What types that can only be read say to other kinds of access: nothing when it is Access::Read.
// "regexp:/x map requires O_RDONLY access mode".
util::Status require_read_only(std::string_view type, std::string_view name,
                               const TableOptions& options);

}  // namespace handoff::tables
