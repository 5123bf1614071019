#include "util/deadline_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <tuple>

namespace handoff::util {
namespace {

struct Member {
  int name = 0;
  PoolDeadline deadline;
};

class DeadlineQueueTest : public testing::Test {
 protected:
  PoolIndex add(int name, Tick at) {
    const PoolIndex index = pool.make({name, {}});
    queue.add(index, at);
    return index;
  }
  // The names of all that are due, in order.
  std::string due(Tick now) {
    std::string names;
    while (true) {
      const PoolIndex index = queue.due(now);
      if (index == kNoIndex) return names;
      names += std::to_string(pool[index].name);
      queue.remove(index);
      pool.free(index);
    }
  }

  Pool<Member> pool;
  DeadlineQueue<Member, &Member::deadline> queue{pool};
};

TEST_F(DeadlineQueueTest, GivesMembersInOrderOfTheirDeadlines) {
  add(3, 70'000);
  add(1, 5);
  add(2, 300);
  EXPECT_EQ(due(4), "");
  EXPECT_EQ(due(299), "1");
  EXPECT_EQ(due(69'999), "2");
  EXPECT_EQ(due(70'000), "3");
}

TEST_F(DeadlineQueueTest, GivesEqualDeadlinesInOrderOfAddition) {
  add(1, 1000);
  EXPECT_EQ(due(900), "");
  add(2, 1000);
  EXPECT_EQ(due(999), "");
  add(3, 1000);
  EXPECT_EQ(due(1000), "123");
}

TEST_F(DeadlineQueueTest, WhatIsInThePastIsDueAtOnce) {
  EXPECT_EQ(due(5000), "");
  add(1, 10);
  EXPECT_EQ(due(5000), "1");
}

TEST_F(DeadlineQueueTest, ForgetsWhatWasRemoved) {
  const PoolIndex gone = add(1, 500);
  add(2, 500);
  queue.remove(gone);
  EXPECT_EQ(due(500), "2");
  EXPECT_FALSE(queue.next_turn());
}

TEST_F(DeadlineQueueTest, NextTurnIsNeverLateAndGetsThereInAFewSteps) {
  const Tick deadline = 86'400'000 + 12'345;
  add(1, deadline);
  int turns = 0;
  for (Tick now = 0; queue.next_turn(); ++turns) {
    ASSERT_LE(now, *queue.next_turn());
    now = *queue.next_turn();
    ASSERT_LE(now, deadline);
    due(now);
  }
  EXPECT_LE(turns, 4);
}

// Ten thousand random steps beside a sorted set that needs no proof.
TEST_F(DeadlineQueueTest, AgreesWithASortedSet) {
  std::mt19937 random(1);
  std::set<std::tuple<Tick, int, PoolIndex>> model;  // deadline, order of addition, member
  Tick now = 0;
  for (int step = 0; step < 10'000; ++step) {
    const Tick span = Tick{1} << random() % 24;
    const Tick at = now + static_cast<Tick>(random()) % span;
    model.emplace(at, step, add(step, at));
    if (step % 3 == 0) {
      auto victim = model.begin();
      std::advance(victim, static_cast<long>(random() % std::min<std::size_t>(model.size(), 50)));
      queue.remove(std::get<2>(*victim));
      pool.free(std::get<2>(*victim));
      model.erase(victim);
    }
    now += static_cast<Tick>(random() % (Tick{1} << random() % 14));
    std::string expected;
    while (!model.empty() && std::get<0>(*model.begin()) <= now) {
      expected += std::to_string(pool[std::get<2>(*model.begin())].name);
      model.erase(model.begin());
    }
    ASSERT_EQ(due(now), expected) << "step " << step;
  }
  EXPECT_EQ(pool.size(), model.size());
}

}  // namespace
}  // namespace handoff::util
