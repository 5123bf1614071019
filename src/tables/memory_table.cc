#include "tables/memory_table.h"

#include <utility>

namespace handoff::tables {

Answer MemoryTable::lookup(std::string_view key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

util::Result<std::optional<Entry>> MemoryTable::sequence(Step step) {
  if (step == Step::First) next_ = entries_.begin();
  if (next_ == entries_.end()) return std::optional<Entry>();
  const auto& [key, value] = *next_++;
  return std::optional<Entry>({key, value});
}

bool MemoryTable::insert(std::string key, std::string value) {
  return entries_.try_emplace(std::move(key), std::move(value)).second;
}

void MemoryTable::insert_or_assign(std::string key, std::string value) {
  entries_.insert_or_assign(std::move(key), std::move(value));
}

}  // namespace handoff::tables
