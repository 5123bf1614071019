#include "global/queue_id.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

TEST(QueueId, ShortFormIsMicrosecondsAndInode) {
  EXPECT_EQ(short_queue_id({1795294763, 0x6DCE2}, 0xA84896), "6DCE2A84896");
  EXPECT_EQ(short_queue_id({1795294763, 0x2E}, 0x1), "0002E1");
}

TEST(QueueId, LongFormIsThatOfStock) {
  EXPECT_EQ(long_queue_id({1795294916, 556510}, 11028660), "4jX4QD3xp6z1c78D");
}

TEST(QueueId, TellsTheFormsApart) {
  EXPECT_TRUE(is_long_queue_id("4jX4QD3xp6z1c78D"));
  EXPECT_FALSE(is_long_queue_id("6DCE2A84896"));
  EXPECT_FALSE(is_long_queue_id("abz"));
  EXPECT_FALSE(is_long_queue_id(""));
}

TEST(QueueId, TellsTheInode) {
  EXPECT_EQ(inode_of_queue_id("4jX4QD3xp6z1c78D"), 11028660U);
  EXPECT_EQ(inode_of_queue_id("6DCE2A84896"), 0xA84896U);
  for (const char* name :
       {"", "6DCE2", "6DCE2xyz", "4jX4QD3xp6z", "4jX4QD3xp6z!", "6DCE2A8489600000000000"})
    EXPECT_FALSE(inode_of_queue_id(name)) << name;
}

TEST(QueueId, HashesByTheMicroseconds) {
  EXPECT_EQ(queue_id_hash("6DCE2A84896", 1), "6/");
  EXPECT_EQ(queue_id_hash("6DCE2A84896", 2), "6/D/");
  EXPECT_EQ(queue_id_hash("4jX4QD3xp6z1c78D", 1), "8/");
  EXPECT_EQ(queue_id_hash("4jX4QD3xp6z1c78D", 2), "8/7/");
  EXPECT_EQ(queue_id_hash("ab", 3), "a/b/_/");
  EXPECT_EQ(queue_id_hash("ab", 0), "");
}

TEST(QueueId, KnowsWhatIsNoName) {
  EXPECT_TRUE(is_queue_id("6DCE2_A"));
  for (const char* name : {"", ".", "..", "1.2", "../x", "a/b", "a b"})
    EXPECT_FALSE(is_queue_id(name));
  EXPECT_FALSE(is_queue_id(std::string(256, 'a')));
  EXPECT_TRUE(is_queue_name("incoming"));
  EXPECT_FALSE(is_queue_name("in/coming"));
  EXPECT_FALSE(is_queue_name(std::string(101, 'a')));
}

}  // namespace
}  // namespace handoff::global
