// pool.h - many small objects of one kind, named by 32-bit indices; and lists that run through
// them.
//
// For tables with hundreds of thousands of entries: an index is half a pointer, an object has no
// allocator's header, and one that is used again is warm. Memory that was needed once is kept.
// References stay valid as long as the object lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace handoff::util {

using PoolIndex = std::uint32_t;
inline constexpr PoolIndex kNoIndex = ~PoolIndex{0};

template <typename T>
class Pool {
 public:
  PoolIndex make(T value) {
    if (free_.empty()) grow();
    const PoolIndex index = free_.back();
    free_.pop_back();
    (*this)[index] = std::move(value);
    return index;
  }
  void free(PoolIndex index) {
    (*this)[index] = T{};
    free_.push_back(index);
  }
  T& operator[](PoolIndex index) { return blocks_[index / kBlock][index % kBlock]; }
  const T& operator[](PoolIndex index) const { return blocks_[index / kBlock][index % kBlock]; }
  [[nodiscard]] std::size_t size() const { return blocks_.size() * kBlock - free_.size(); }

 private:
  static constexpr std::size_t kBlock = 1024;

  void grow() {
    const auto first = static_cast<PoolIndex>(blocks_.size() * kBlock);
    blocks_.push_back(std::make_unique<T[]>(kBlock));
    for (std::size_t i = kBlock; i-- > 0;) free_.push_back(first + static_cast<PoolIndex>(i));
  }

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::vector<PoolIndex> free_;
};

struct PoolLinks {
  PoolIndex previous = kNoIndex;
  PoolIndex next = kNoIndex;
};

// First in, first out; members can leave from anywhere. A member is in one list at most for each
// of its PoolLinks; the list owns nothing.
template <typename T, PoolLinks T::*links>
class PoolList {
 public:
  [[nodiscard]] bool empty() const { return first_ == kNoIndex; }
  [[nodiscard]] PoolIndex first() const { return first_; }
  static PoolIndex after(const Pool<T>& pool, PoolIndex index) { return (pool[index].*links).next; }

  void push_back(Pool<T>& pool, PoolIndex index) {
    pool[index].*links = {last_, kNoIndex};
    (last_ == kNoIndex ? first_ : (pool[last_].*links).next) = index;
    last_ = index;
  }
  void remove(Pool<T>& pool, PoolIndex index) {
    const PoolLinks at = pool[index].*links;
    (at.previous == kNoIndex ? first_ : (pool[at.previous].*links).next) = at.next;
    (at.next == kNoIndex ? last_ : (pool[at.next].*links).previous) = at.previous;
  }

 private:
  PoolIndex first_ = kNoIndex;
  PoolIndex last_ = kNoIndex;
};

}  // namespace handoff::util
