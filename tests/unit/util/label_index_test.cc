#include "util/label_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace handoff::util {
namespace {

TEST(KeyedHash, IsTheSameForEqualTextsOnly) {
  EXPECT_EQ(keyed_hash("smtp:example.com:25"), keyed_hash(std::string("smtp:example.com:25")));
  EXPECT_NE(keyed_hash("a"), keyed_hash("b"));
  EXPECT_NE(keyed_hash(""), keyed_hash(std::string_view("\0", 1)));
  EXPECT_NE(keyed_hash("12345678"), keyed_hash(std::string_view("12345678\0", 9)));
}

TEST(LabelIndex, FindsNothingWhenEmpty) {
  const LabelIndex index;
  EXPECT_EQ(index.find(1, [](PoolIndex) { return true; }), kNoIndex);
}

TEST(LabelIndex, TellsEntriesOfEqualHashApart) {
  LabelIndex index;
  for (PoolIndex i = 0; i < 10; ++i) index.insert(7, i);
  index.erase(7, 4);
  for (PoolIndex i = 0; i < 10; ++i)
    EXPECT_EQ(index.find(7, [&](PoolIndex at) { return at == i; }), i == 4 ? kNoIndex : i);
}

// Few distinct hashes, all at the end of the table, so that runs are long and wrap around.
TEST(LabelIndex, AgreesWithAMapThroughInsertionsAndRemovals) {
  std::mt19937 random(1);
  LabelIndex index;
  std::map<PoolIndex, std::uint32_t> model;
  for (int step = 0; step < 20'000; ++step) {
    const auto entry = static_cast<PoolIndex>(random() % 300);
    if (const auto known = model.find(entry); known != model.end()) {
      index.erase(known->second, entry);
      model.erase(known);
    } else {
      const auto hash = static_cast<std::uint32_t>(random() % 40) - 20U;
      index.insert(hash, entry);
      model[entry] = hash;
    }
    ASSERT_EQ(index.size(), model.size());
    if (step % 100 != 0) continue;
    for (PoolIndex i = 0; i < 300; ++i) {
      const bool there = model.contains(i);
      const std::uint32_t hash = there ? model[i] : 0;
      ASSERT_EQ(index.find(hash, [&](PoolIndex at) { return at == i; }), there ? i : kNoIndex);
    }
  }
  std::vector<PoolIndex> visited;
  index.for_each([&](PoolIndex at) { visited.push_back(at); });
  EXPECT_EQ(visited.size(), model.size());
}

}  // namespace
}  // namespace handoff::util
