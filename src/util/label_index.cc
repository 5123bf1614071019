#include "util/label_index.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::util {
namespace {

struct SipKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  static SipKey random() {
    SipKey key;
    // 16 bytes come whole, once the kernel has any random bits at all.
    if (getrandom(&key, sizeof(key), 0) != sizeof(key))
      msg::fatal("getrandom: {}", errno_text(errno));
    return key;
  }
};

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  explicit SipState(const SipKey& key)
      : v0(key.low ^ 0x736f6d6570736575U),
        v1(key.high ^ 0x646f72616e646f6dU),
        v2(key.low ^ 0x6c7967656e657261U),
        v3(key.high ^ 0x7465646279746573U) {}

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
  std::uint64_t finish() {
    v2 ^= 0xff;
    for (int i = 0; i < 3; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

std::uint32_t keyed_hash(std::string_view text) {
  static const SipKey key = SipKey::random();
  SipState state(key);
  std::uint64_t tail = static_cast<std::uint64_t>(text.size()) << 56;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), sizeof(word));
    state.absorb(word);
  }
  for (std::size_t i = 0; i < text.size(); ++i)
    tail |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  state.absorb(tail);
  const std::uint64_t hash = state.finish();
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

void LabelIndex::insert(std::uint32_t hash, PoolIndex index) {
  if ((size_ + 1) * 4 > slots_.size() * 3) resize(slots_.empty() ? 64 : slots_.size() * 2);
  place({hash, index});
  ++size_;
}

void LabelIndex::place(Slot entry) {
  std::size_t at = entry.hash & mask();
  while (slots_[at].index != kNoIndex) at = (at + 1) & mask();
  slots_[at] = entry;
}

void LabelIndex::resize(std::size_t slots) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& entry : old) {
    if (entry.index != kNoIndex) place(entry);
  }
}

void LabelIndex::erase(std::uint32_t hash, PoolIndex index) {
  std::size_t hole = hash & mask();
  while (slots_[hole].index != index) hole = (hole + 1) & mask();
  // Whoever was pushed past the hole on the way from its own place moves up into it.
  for (std::size_t at = (hole + 1) & mask(); slots_[at].index != kNoIndex; at = (at + 1) & mask()) {
    const std::size_t from_home = (at - slots_[at].hash) & mask();
    const std::size_t from_hole = (at - hole) & mask();
    if (from_home < from_hole) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = Slot{};
  --size_;
}

}  // namespace handoff::util
