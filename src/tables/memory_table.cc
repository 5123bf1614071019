#include "tables/memory_table.h"

#include <utility>

namespace handoff::tables {

Answer MemoryTable::lookup(std::string_view key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

util::Result<std::optional<Entry>> MemoryTable::sequence(Step step) {
  if (step == Step::First) last_.reset();
  const auto next = last_ ? entries_.upper_bound(*last_) : entries_.begin();
  if (next == entries_.end()) return std::optional<Entry>();
  last_ = next->first;
  return std::optional<Entry>({next->first, next->second});
}

util::Result<bool> MemoryTable::update(std::string_view key, std::string_view value) {
  insert_or_assign(std::string(key), std::string(value));
  return true;
}

util::Result<bool> MemoryTable::remove(std::string_view key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  entries_.erase(found);
  return true;
}

bool MemoryTable::insert(std::string key, std::string value) {
  return entries_.try_emplace(std::move(key), std::move(value)).second;
}

void MemoryTable::insert_or_assign(std::string key, std::string value) {
  entries_.insert_or_assign(std::move(key), std::move(value));
}

}  // namespace handoff::tables
