#include <map>

#include "tables/checked_table.h"
#include "tables/table.h"
#include "tables/table_builder.h"
#include "tables/table_type.h"
#include "util/msg.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

constexpr std::string_view kProxy = "proxy:";

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
class UnavailableTable final : public Table {
 public:
  UnavailableTable(std::string name, std::string reason)
      : Table(std::move(name)), reason_(std::move(reason)) {}

  Answer lookup(std::string_view) override { return refusal(); }
  Result<bool> update(std::string_view, std::string_view) override { return refusal(); }
  Result<bool> remove(std::string_view) override { return refusal(); }
  Result<std::optional<Entry>> sequence(Step) override { return refusal(); }

 private:
  [[nodiscard]] Error refusal() const {
    msg::warn("{} is unavailable. {}", name(), reason_);
    return unavailable(reason_);
  }

  std::string reason_;
};

// The tables that this process has open, by name and options; they are closed with their last
// user.
using OpenTables = std::map<std::string, std::weak_ptr<Table>, std::less<>>;

OpenTables& open_tables() {
  static OpenTables tables;
  return tables;
}

std::string instance_name(std::string_view type_and_name, const TableOptions& options) {
  return std::string(type_and_name) + '(' + describe(options) + ')';
}

}  // namespace

Result<SharedTable> try_open_table(std::string_view type_and_name, const TableOptions& options) {
  if (options.no_proxy && type_and_name.starts_with(kProxy))
    return try_open_table(type_and_name.substr(kProxy.size()), options);
  std::weak_ptr<Table>& instance = open_tables()[instance_name(type_and_name, options)];
  if (SharedTable open = instance.lock()) return open;
  const Result<SplitName> split = split_name(type_and_name);
  if (!split) return split.error();
  const Result<const TableType*> type = find_type(split->type);
  if (!type) return type.error();
  OpenedTable table = (*type)->open(split->name, options);
  if (!table) return std::move(table).error();
  SharedTable shared = with_checks(*std::move(table), options, !(*type)->delegates);
  instance = shared;
  msg::debug("dict_open: {}", type_and_name);
  return shared;
}

SharedTable open_table(std::string_view type_and_name, const TableOptions& options) {
  Result<SharedTable> table = try_open_table(type_and_name, options);
  if (table) return *std::move(table);
  // A name that is none is a slip of the pen, not something that may come back.
  if (options.must_open || !split_name(type_and_name)) msg::fatal("{}", table.error().what);
  msg::error("{}", table.error().what);
  // One error for all its users: the log takes few of them before it ends the process.
  SharedTable stand_in =
      std::make_shared<UnavailableTable>(std::string(type_and_name), std::move(table).error().what);
  open_tables()[instance_name(type_and_name, options)] = stand_in;
  return stand_in;
}

std::string changed_table() {
  for (const auto& [name, instance] : open_tables())
    if (const SharedTable table = instance.lock(); table && table->changed())
      return "table " + name + " has changed";
  return {};
}

Result<std::unique_ptr<TableBuilder>> create_table(std::string_view type_and_name,
                                                   const TableOptions& options) {
  const Result<SplitName> split = split_name(type_and_name);
  if (!split) return split.error();
  const Result<const TableType*> type = find_type(split->type);
  if (!type) return type.error();
  if (!(*type)->create) {
    return Error::not_found("unsupported dictionary type: " + std::string(split->type) +
                            " does not support bulk-mode creation.");
  }
  return (*type)->create(split->name, options);
}

}  // namespace handoff::tables
