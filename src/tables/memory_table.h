// memory_table.h - a table whose content is read once, when it is opened.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tables/table.h"

namespace handoff::tables {

class MemoryTable : public Table {
 public:
  MemoryTable(std::string name, bool fold_keys) : Table(std::move(name)), fold_keys_(fold_keys) {}

  util::Result<std::optional<std::string>> lookup(std::string_view key) override;

  // False, and no change, when the key is there already.
  bool insert(std::string_view key, std::string_view value);
  void insert_or_assign(std::string_view key, std::string_view value);
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  [[nodiscard]] std::string folded(std::string_view key) const;

  bool fold_keys_;
  std::map<std::string, std::string, std::less<>> entries_;
};

}  // namespace handoff::tables
