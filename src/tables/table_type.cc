#include "tables/table_type.h"

#include "tables/settings.h"
#include "tables/table_types.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

// Sorted by name.
const std::vector<TableType>& built_in() {
  static const std::vector<TableType> types{
      {"cidr", open_cidr_table, {}},
      {"environ", open_environment_table, {}},
      {"fail", open_fail_table, create_fail_table},
      {"inline", open_inline_table, {}},
      {"internal", open_internal_table, {}},
      {"pipemap", open_pipe_table, {}, true},
      {"proxy", open_proxy_table, {}},
      {"randmap", open_random_table, {}},
      {"regexp", open_regexp_table, {}},
      {"socketmap", open_socketmap_table, {}},
      {"static", open_static_table, {}},
      {"tcp", open_tcp_table, {}},
      {"texthash", open_texthash_table, {}},
      {"unionmap", open_union_table, {}, true},
      {"unix", open_account_table, {}},
  };
  return types;
}

}  // namespace

Result<const TableType*> find_type(std::string_view type) {
  for (const TableType& known : built_in())
    if (known.name == type) return &known;
  const std::string problem = "unsupported dictionary type: " + std::string(type);
  if (!settings().find_plugin) return Error::not_found(problem);
  const Result<const TableType*> plugin = settings().find_plugin(type);
  if (!plugin) return Error::not_found(problem + plugin.error().what);
  if (*plugin == nullptr) return Error::not_found(problem);
  return plugin;
}

std::vector<std::string> built_in_types() {
  std::vector<std::string> names;
  for (const TableType& type : built_in()) names.push_back(type.name);
  return names;
}

Error unsupported_operation(const Table& table, std::string_view operation) {
  return misconfigured("table " + table.name() + ": " + std::string(operation) +
                       " operation is not supported");
}

Status require_read_only(std::string_view type, std::string_view name,
                         const TableOptions& options) {
  if (options.access == Access::Read) return {};
  return Error::syntax(std::string(type) + ":" + std::string(name) +
                       " map requires O_RDONLY access mode");
}

}  // namespace handoff::tables
