#include "tables/memory_table.h"

#include "util/text.h"

namespace handoff::tables {

util::Result<std::optional<std::string>> MemoryTable::lookup(std::string_view key) {
  const auto found = entries_.find(folded(key));
  if (found == entries_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

bool MemoryTable::insert(std::string_view key, std::string_view value) {
  return entries_.try_emplace(folded(key), value).second;
}

void MemoryTable::insert_or_assign(std::string_view key, std::string_view value) {
  entries_.insert_or_assign(folded(key), std::string(value));
}

std::string MemoryTable::folded(std::string_view key) const {
  return fold_keys_ ? util::to_lower(key) : std::string(key);
}

}  // namespace handoff::tables
