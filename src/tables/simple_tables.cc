// static:, internal: and fail:, which look at nothing.
#include <memory>
#include <string>

#include "tables/memory_table.h"
#include "tables/source_file.h"
#include "tables/table_types.h"
#include "util/braces.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

class StaticTable final : public Table {
 public:
  StaticTable(std::string_view name, std::string value)
      : Table("static:" + std::string(name)), value_(std::move(value)) {}

  Answer lookup(std::string_view) override { return std::optional<std::string>(value_); }

 private:
  std::string value_;
};

Error failure() {
  return unavailable("the table fails on purpose");
}

class FailTable final : public Table {
 public:
  explicit FailTable(std::string_view name) : Table("fail:" + std::string(name)) {}

  Answer lookup(std::string_view) override { return failure(); }
  Result<bool> update(std::string_view, std::string_view) override { return failure(); }
  Result<bool> remove(std::string_view) override { return failure(); }
  Result<std::optional<Entry>> sequence(Step) override { return failure(); }
};

class FailBuilder final : public TableBuilder {
 public:
  Status put(std::string_view, std::string_view) override { return failure(); }
  Status commit() override { return {}; }
};

}  // namespace

OpenedTable open_static_table(std::string_view name, const TableOptions& options) {
  const Result<std::string_view> text = util::without_braces(name);
  if (!text) return Error::syntax("bad static:name syntax: " + text.error().what);
  Result<std::string> value = options.values_are_files ? encode_files(*text) : std::string(*text);
  if (!value) return value.error();
  return std::unique_ptr<Table>(std::make_unique<StaticTable>(name, *std::move(value)));
}

OpenedTable open_internal_table(std::string_view name, const TableOptions&) {
  return std::unique_ptr<Table>(std::make_unique<MemoryTable>("internal:" + std::string(name)));
}

OpenedTable open_fail_table(std::string_view name, const TableOptions&) {
  return std::unique_ptr<Table>(std::make_unique<FailTable>(name));
}

CreatedTable create_fail_table(std::string_view, const TableOptions&) {
  return std::unique_ptr<TableBuilder>(std::make_unique<FailBuilder>());
}

}  // namespace handoff::tables
