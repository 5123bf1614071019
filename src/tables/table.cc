#include "tables/table.h"

#include <array>

#include "tables/table_types.h"
#include "util/msg.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

struct TableType {
  std::string_view name;
  OpenedTable (*open)(std::string_view name, const TableOptions& options);
};

constexpr std::array<TableType, 4> kTypes{{{"fail", open_fail_table},
                                           {"inline", open_inline_table},
                                           {"static", open_static_table},
                                           {"texthash", open_texthash_table}}};

struct SplitName {
  std::string_view type;
  std::string_view name;
};

Result<SplitName> split_name(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return Error::syntax("open dictionary: expecting \"type:name\" form instead of \"" +
                         std::string(text) + '"');
  return SplitName{text.substr(0, colon), text.substr(colon + 1)};
}

// Stands in for a table that could not be opened: whoever asks is told so, each time.
class UnavailableTable : public Table {
 public:
  UnavailableTable(std::string name, std::string reason)
      : Table(std::move(name)), reason_(std::move(reason)) {}

  Result<std::optional<std::string>> lookup(std::string_view) override {
    msg::warn("{} is unavailable. {}", name(), reason_);
    return Error::not_found(reason_);
  }

 private:
  std::string reason_;
};

}  // namespace

Result<std::unique_ptr<Table>> try_open_table(std::string_view type_and_name,
                                              const TableOptions& options) {
  const Result<SplitName> split = split_name(type_and_name);
  if (!split) return split.error();
  for (const TableType& type : kTypes)
    if (type.name == split->type) return type.open(split->name, options);
  return Error::not_found("unsupported dictionary type: " + std::string(split->type));
}

std::unique_ptr<Table> open_table(std::string_view type_and_name, const TableOptions& options) {
  Result<std::unique_ptr<Table>> table = try_open_table(type_and_name, options);
  if (table) return *std::move(table);
  // A name that is none is a slip of the pen, not something that may come back.
  if (options.must_open || !split_name(type_and_name)) msg::fatal("{}", table.error().what);
  msg::error("{}", table.error().what);
  return std::make_unique<UnavailableTable>(std::string(type_and_name),
                                            std::move(table).error().what);
}

}  // namespace handoff::tables
