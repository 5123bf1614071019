// memory_table.h - a table whose content is read once, when it is opened.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tables/table.h"

namespace handoff::tables {

class MemoryTable : public Table {
 public:
  explicit MemoryTable(std::string name) : Table(std::move(name)) {}

  Answer lookup(std::string_view key) override;
  util::Result<std::optional<Entry>> sequence(Step step) override;

  // The key is folded already. False, and no change, when it is there already.
  bool insert(std::string key, std::string value);
  void insert_or_assign(std::string key, std::string value);
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  using Entries = std::map<std::string, std::string, std::less<>>;

  Entries entries_;
  Entries::const_iterator next_ = entries_.begin();
};

}  // namespace handoff::tables
