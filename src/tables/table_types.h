// table_types.h - the types of tables that need no plug-in, each by its opener.
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
// Empty at first.
OpenedTable open_internal_table(std::string_view name, const TableOptions& options);
// A postmap(1) source file, read into memory.
OpenedTable open_texthash_table(std::string_view path, const TableOptions& options);
// Answers every question with an error: "fail:whatever", for tests.
OpenedTable open_fail_table(std::string_view name, const TableOptions& options);
CreatedTable create_fail_table(std::string_view name, const TableOptions& options);

// The environment of the process, whatever the name.
OpenedTable open_environment_table(std::string_view name, const TableOptions& options);
// "unix:passwd.byname" and "unix:group.byname": lines as in those files.
OpenedTable open_account_table(std::string_view name, const TableOptions& options);

// "pipemap:{type:name, type:name}": the answer of one table is the next one's key.
OpenedTable open_pipe_table(std::string_view name, const TableOptions& options);
// "unionmap:{type:name, type:name}": the answers of all tables, with commas between them.
OpenedTable open_union_table(std::string_view name, const TableOptions& options);
// "randmap:{value, value}": any of them.
OpenedTable open_random_table(std::string_view name, const TableOptions& options);

// Rules in a file or in the name, "{{rule}, {rule}}".
OpenedTable open_regexp_table(std::string_view name, const TableOptions& options);
OpenedTable open_cidr_table(std::string_view name, const TableOptions& options);

// Servers on the network that anybody could be.
OpenedTable open_socketmap_table(std::string_view name, const TableOptions& options);
OpenedTable open_tcp_table(std::string_view name, const TableOptions& options);
// "proxy:type:name": the table as proxymap(8) sees it.
OpenedTable open_proxy_table(std::string_view name, const TableOptions& options);

}  // namespace handoff::tables
