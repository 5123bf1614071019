// table_builder.h - makes an indexed table from scratch, for postmap(1).
//
// Whoever looks a key up meanwhile finds the old table or the new one, never half of one (as far
// as the type of table allows that).
#pragma once

#include <memory>
#include <string_view>

#include "tables/table_options.h"
#include "util/result.h"

namespace handoff::tables {

class TableBuilder {
 public:
  TableBuilder() = default;
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;
  // Without commit() nothing has happened.
  virtual ~TableBuilder() = default;

  // The key is folded already. A key that is there already: TableOptions::duplicates; the warning
  // comes from here, because its text depends on the type.
  virtual util::Status put(std::string_view key, std::string_view value) = 0;
  virtual util::Status commit() = 0;
};

// `type_and_name` names the source file, "hash:/etc/postfix/x"; files get the mode 0644 without
// the bits of the umask. Errors: "unsupported dictionary type: regexp does not support bulk-mode
// creation."
util::Result<std::unique_ptr<TableBuilder>> create_table(std::string_view type_and_name,
                                                         const TableOptions& options);

}  // namespace handoff::tables
