#include "global/session_cache_single.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/log.h"
#include "support/sockets.h"
#include "util/manual_scheduler.h"
#include "util/msg.h"

namespace handoff::global {
namespace {

using namespace std::chrono_literals;
using util::UniqueFd;

class SingleSessionCacheTest : public testing::Test {
 protected:
  UniqueFd save(const std::string& endpoint, const std::string& property,
                SessionCache::Ttl ttl = 5s) {
    auto [remote, ours] = test::socket_pair();
    cache.save_endpoint(endpoint, {property, std::move(ours)}, ttl);
    return std::move(remote);
  }
  util::ManualScheduler clock;
  SingleSessionCache cache{clock};
};

TEST_F(SingleSessionCacheTest, HasRoomForOneSession) {
  const UniqueFd first = save("e1", "p1");
  save("e2", "p2");
  EXPECT_TRUE(test::sees_eof(first));
  EXPECT_FALSE(cache.find_endpoint("e1"));
  const auto found = cache.find_endpoint("e2");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, "p2");
  EXPECT_FALSE(cache.find_endpoint("e2"));
}

TEST_F(SingleSessionCacheTest, HasRoomForOneBinding) {
  cache.save_destination("d1", {.property = "dp1", .endpoint = "e"}, 5s);
  cache.save_destination("d2", {.property = "dp2", .endpoint = "e"}, 5s);
  save("e", "p");
  EXPECT_FALSE(cache.find_destination("d1"));
  const auto found = cache.find_destination("d2");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, "dp2");
  EXPECT_EQ(found->session.property, "p");
  EXPECT_EQ(cache.size(), (SessionCache::Size{.destinations = 1, .endpoints = 0, .sessions = 0}));
}

TEST_F(SingleSessionCacheTest, ExpiresBothOnTheirOwn) {
  const UniqueFd remote = save("e", "p", 1s);
  cache.save_destination("d", {.property = "dp", .endpoint = "e"}, 2s);
  clock.advance(1s);
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(cache.size().destinations, 1U);
  clock.advance(1s);
  EXPECT_EQ(cache.size(), SessionCache::Size());
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(SingleSessionCacheTest, ASaveStartsTheTimeAnew) {
  save("e1", "p", 2s);
  clock.advance(1s);
  save("e2", "p", 2s);
  clock.advance(1500ms);
  EXPECT_TRUE(cache.find_endpoint("e2"));
}

TEST(SingleSessionCache, LogsWhatItDoesWhenVerbose) {
  util::ManualScheduler clock;
  msg::set_verbose(1);
  {
    SingleSessionCache cache(clock);
    cache.save_endpoint("e1", {"p1", test::socket_pair().first}, 5s);
    (void)cache.find_endpoint("e2");
    (void)cache.find_endpoint("e1");
    (void)cache.find_endpoint("e1");
    cache.save_destination("d1", {.property = "dp1", .endpoint = "e1"}, 5s);
    cache.save_destination("d1", {.property = "dp1", .endpoint = "e1"}, 5s);
    cache.save_destination("d2", {.property = "dp2", .endpoint = "e1"}, 1s);
    (void)cache.find_destination("d1");
    (void)cache.find_destination("d2");
    clock.advance(1s);
    (void)cache.find_destination("d2");
  }
  msg::set_verbose(0);
  std::vector<std::string> lines = test::LogCapture::lines();
  for (std::string& line : lines) line = line.substr(0, line.find(" fd="));
  EXPECT_EQ(
      lines,
      (std::vector<std::string>{
          "scache_single_save_endp: e1", "scache_single_find_endp: not found: e2",
          "scache_single_free_endp: e1", "scache_single_find_endp: found: e1",
          "scache_single_find_endp: no endpoint cache: e1", "scache_single_save_dest: d1 -> e1",
          "scache_single_save_dest: d1 -> e1 (refreshed)", "scache_single_save_dest: d2 -> e1",
          "scache_single_find_dest: not found: d1", "scache_single_find_dest: found: d2",
          "scache_single_find_endp: no endpoint cache: e1",
          "scache_single_find_dest: not found: d2", "scache_single_free_dest: d2 -> e1",
          "scache_single_find_dest: no destination cache: d2"}));
}

}  // namespace
}  // namespace handoff::global
