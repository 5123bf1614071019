// deadline_queue.h - what is due next, for any number of things with a deadline each.
//
// The members of a Pool, ordered by a millisecond deadline that each carries in its PoolDeadline.
// Adding, removing and finding what is due cost O(1), whatever the number. Members with the same
// deadline come out in the order in which they were added. No timers and no clock: the owner says
// what time it is, and arms one timer for next_turn().
//
// A timing wheel: 256 slots for the milliseconds of the current 256 ms, 256 slots for the 256 ms
// intervals of the current 65 s, and so on. When the clock enters an interval its slot is dealt
// out to the wheel below, at most four times in a member's life. (A heap would move log n members
// for each removal from its middle, and each move is a cache miss; expiry in one list sorted by
// deadline is O(n) for each addition.)
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

#include "util/pool.h"

namespace handoff::util {

// Milliseconds since a moment that the owner of the queue chooses.
using Tick = std::int64_t;

struct PoolDeadline {
  Tick at = 0;
  PoolLinks links;
};

template <typename T, PoolDeadline T::*deadline>
class DeadlineQueue {
 public:
  explicit DeadlineQueue(Pool<T>& pool) : pool_(pool) {}  // must outlive the queue

  // A deadline that has passed is due at once.
  void add(PoolIndex index, Tick at) {
    (pool_[index].*deadline).at = std::max(at, now_);
    insert(index);
  }
  void remove(PoolIndex index) {
    const Place place = place_of((pool_[index].*deadline).at);
    Wheel& wheel = wheels_[place.level];
    unlink(wheel.slots[place.slot], index);
    if (wheel.slots[place.slot].first == kNoIndex) wheel.clear(place.slot);
  }

  // The member to be served next if its deadline is not after `now`. It stays where it is.
  [[nodiscard]] PoolIndex due(Tick now) {
    while (const auto next = earliest()) {
      if (start_of(*next) > now) break;
      now_ = std::max(now_, start_of(*next));
      if (next->level == 0) return wheels_[0].slots[next->slot].first;
      deal_out(*next);
    }
    now_ = std::max(now_, now);
    return kNoIndex;
  }

  // One of those whose deadline is nearest (to 0.4 % of the time that is left); kNoIndex when
  // empty.
  [[nodiscard]] PoolIndex nearest() const {
    const auto next = earliest();
    return next ? wheels_[next->level].slots[next->slot].first : kNoIndex;
  }

  // When to ask for what is due: not later than the first deadline, and at most a few times
  // before it.
  [[nodiscard]] std::optional<Tick> next_turn() const {
    const auto next = earliest();
    if (!next) return std::nullopt;
    return start_of(*next);
  }

 private:
  static constexpr unsigned kBits = 8;
  static constexpr unsigned kSlots = 1U << kBits;
  static constexpr unsigned kLevels = 7;  // 2^56 ms: longer than anything lives

  struct Ends {
    PoolIndex first = kNoIndex;
    PoolIndex last = kNoIndex;
  };
  struct Wheel {
    std::array<Ends, kSlots> slots;
    std::array<std::uint64_t, kSlots / 64> used{};

    void mark(unsigned slot) { used[slot / 64] |= std::uint64_t{1} << slot % 64; }
    void clear(unsigned slot) { used[slot / 64] &= ~(std::uint64_t{1} << slot % 64); }
    [[nodiscard]] std::optional<unsigned> first() const {
      for (unsigned word = 0; word < used.size(); ++word) {
        if (used[word] != 0) return word * 64 + static_cast<unsigned>(std::countr_zero(used[word]));
      }
      return std::nullopt;
    }
  };
  struct Place {
    unsigned level;
    unsigned slot;
  };

  // The level is the highest byte in which the deadline differs from the present: all below that
  // level is earlier, all above it is later.
  [[nodiscard]] Place place_of(Tick at) const {
    const auto differs = static_cast<std::uint64_t>(at ^ now_);
    const unsigned level =
        differs == 0 ? 0 : (static_cast<unsigned>(std::bit_width(differs)) - 1) / kBits;
    return {level, static_cast<unsigned>(at >> (level * kBits)) % kSlots};
  }
  // The first moment that belongs to an occupied place.
  [[nodiscard]] Tick start_of(Place place) const {
    const unsigned shift = place.level * kBits;
    return ((now_ >> shift >> kBits << kBits) | static_cast<Tick>(place.slot)) << shift;
  }
  [[nodiscard]] std::optional<Place> earliest() const {
    for (unsigned level = 0; level < kLevels; ++level) {
      if (const auto slot = wheels_[level].first()) return Place{level, *slot};
    }
    return std::nullopt;
  }

  void insert(PoolIndex index) {
    const Place place = place_of((pool_[index].*deadline).at);
    Ends& ends = wheels_[place.level].slots[place.slot];
    links(index) = {ends.last, kNoIndex};
    (ends.last == kNoIndex ? ends.first : links(ends.last).next) = index;
    ends.last = index;
    wheels_[place.level].mark(place.slot);
  }
  void unlink(Ends& ends, PoolIndex index) {
    const PoolLinks at = links(index);
    (at.previous == kNoIndex ? ends.first : links(at.previous).next) = at.next;
    (at.next == kNoIndex ? ends.last : links(at.next).previous) = at.previous;
  }
  // The present has entered this interval: its members differ from it in a lower byte now.
  void deal_out(Place place) {
    Wheel& wheel = wheels_[place.level];
    PoolIndex index = std::exchange(wheel.slots[place.slot], Ends{}).first;
    wheel.clear(place.slot);
    while (index != kNoIndex) {
      const PoolIndex next = links(index).next;
      insert(index);
      index = next;
    }
  }
  PoolLinks& links(PoolIndex index) { return (pool_[index].*deadline).links; }

  Pool<T>& pool_;
  Tick now_ = 0;
  std::array<Wheel, kLevels> wheels_;
};

}  // namespace handoff::util
