// static: and fail:, which look at nothing.
#include <memory>
#include <string>

#include "tables/table_types.h"
#include "util/braces.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

class StaticTable : public Table {
 public:
  StaticTable(std::string_view name, std::string_view value)
      : Table("static:" + std::string(name)), value_(value) {}

  Answer lookup(std::string_view) override { return std::optional<std::string>(value_); }

 private:
  std::string value_;
};

class FailTable : public Table {
 public:
  explicit FailTable(std::string_view name) : Table("fail:" + std::string(name)) {}

  Answer lookup(std::string_view) override { return unavailable("query error"); }
};

}  // namespace

OpenedTable open_static_table(std::string_view name, const TableOptions&) {
  const Result<std::string_view> value = util::without_braces(name);
  if (!value) return Error::syntax("bad static:name syntax: " + value.error().what);
  return std::unique_ptr<Table>(std::make_unique<StaticTable>(name, *value));
}

OpenedTable open_fail_table(std::string_view name, const TableOptions&) {
  return std::unique_ptr<Table>(std::make_unique<FailTable>(name));
}

}  // namespace handoff::tables
