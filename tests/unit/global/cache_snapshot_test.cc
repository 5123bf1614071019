#include "global/cache_snapshot.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/sockets.h"
#include "util/manual_scheduler.h"

namespace handoff::global {
namespace {

using namespace std::chrono_literals;

class CacheSnapshotTest : public testing::Test {
 protected:
  void save(const std::string& endpoint) {
    cache.save_endpoint(endpoint, {"prop\nof=" + endpoint, test::socket_pair().first, "QUIT\r\n"},
                        5s);
  }
  EncodedSnapshot encoded() { return encode_snapshot(cache, clock.now()); }

  util::ManualScheduler clock;
  MultiSessionCache cache{clock};
};

TEST_F(CacheSnapshotTest, HoldsEverythingThatTheCacheHolds) {
  save("e1");
  clock.advance(1200ms);
  save("e2");
  cache.save_destination("d", {.property = "p", .endpoint = "e1"}, 3s);
  const auto snapshot = decode_snapshot(encoded().bytes);
  ASSERT_TRUE(snapshot);
  ASSERT_EQ(snapshot->sessions.size(), 2U);
  const SessionRecord& oldest = snapshot->sessions.front();
  EXPECT_EQ(oldest.endpoint, "e1");
  EXPECT_EQ(oldest.property, "prop\nof=e1");
  EXPECT_EQ(oldest.farewell, "QUIT\r\n");
  EXPECT_EQ(oldest.age_ms, 1200);
  EXPECT_EQ(oldest.remaining_ms, 3800);
  ASSERT_EQ(snapshot->bindings.size(), 1U);
  EXPECT_EQ(snapshot->bindings.front().destination, "d");
  EXPECT_EQ(snapshot->bindings.front().property, "p");
  EXPECT_EQ(snapshot->bindings.front().endpoint, "e1");
  EXPECT_EQ(snapshot->bindings.front().remaining_ms, 3000);
}

TEST_F(CacheSnapshotTest, NamesTheConnectionsInTheOrderOfTheSessions) {
  save("e1");
  save("e2");
  const auto snapshot = encoded();
  std::vector<int> expected;
  cache.for_each_session([&](const auto& session) { expected.push_back(session.connection); });
  EXPECT_EQ(snapshot.connections, expected);
}

TEST_F(CacheSnapshotTest, SaysHowManyClientsComeAlong) {
  const auto snapshot = decode_snapshot(encode_snapshot(cache, clock.now(), 3).bytes);
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->clients, 3U);
}

TEST_F(CacheSnapshotTest, OfAnEmptyCacheIsEmpty) {
  const auto snapshot = decode_snapshot(encoded().bytes);
  ASSERT_TRUE(snapshot);
  EXPECT_TRUE(snapshot->sessions.empty());
  EXPECT_TRUE(snapshot->bindings.empty());
}

TEST_F(CacheSnapshotTest, IsRefusedWhenItIsCutAnywhere) {
  save("e1");
  cache.save_destination("d", {.property = "p", .endpoint = "e1"}, 3s);
  const std::string bytes = encoded().bytes;
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_snapshot(bytes.substr(0, length))) << length;
}

}  // namespace
}  // namespace handoff::global
