// memory_table.h - a table whose content is in memory.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tables/table.h"

namespace handoff::tables {

class MemoryTable final : public Table {
 public:
  explicit MemoryTable(std::string name) : Table(std::move(name)) {}

  Answer lookup(std::string_view key) override;
  util::Result<bool> update(std::string_view key, std::string_view value) override;
  util::Result<bool> remove(std::string_view key) override;
  // Sorted by key.
  util::Result<std::optional<Entry>> sequence(Step step) override;

  // The key is folded already. False, and no change, when it is there already.
  bool insert(std::string key, std::string value);
  void insert_or_assign(std::string key, std::string value);
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  std::map<std::string, std::string, std::less<>> entries_;
  std::optional<std::string> last_;  // that sequence() has given
};

}  // namespace handoff::tables
