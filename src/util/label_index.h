// label_index.h - a hash table from labels to indices; the labels are kept by the owner.
//
// Open addressing, 8 bytes a slot, at most three quarters full; an entry that leaves makes room at
// once, so nothing gets slower with age. The hash is keyed with random bits for each process:
// whoever chooses the labels (a spammer chooses the domains that mail is sent to) cannot make them
// collide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "util/pool.h"

namespace handoff::util {

// SipHash-1-3 (Aumasson and Bernstein, 2012), folded to 32 bits.
std::uint32_t keyed_hash(std::string_view text);

class LabelIndex {
 public:
  // `is_it(index)` says whether that entry has the label that is looked for; kNoIndex when none.
  template <typename Predicate>
  [[nodiscard]] PoolIndex find(std::uint32_t hash, Predicate is_it) const {
    if (slots_.empty()) return kNoIndex;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.index == kNoIndex) return kNoIndex;
      if (slot.hash == hash && is_it(slot.index)) return slot.index;
    }
  }
  void insert(std::uint32_t hash, PoolIndex index);
  void erase(std::uint32_t hash, PoolIndex index);  // it is there
  [[nodiscard]] std::size_t size() const { return size_; }

  // In no particular order; nothing may be inserted or erased meanwhile.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.index != kNoIndex) visit(slot.index);
    }
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    PoolIndex index = kNoIndex;
  };
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  void place(Slot entry);
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  // none, or a power of two
  std::size_t size_ = 0;
};

}  // namespace handoff::util
