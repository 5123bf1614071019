#include "global/session_cache_multi.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
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
using Departure = MultiSessionCache::Departure;

class MultiSessionCacheTest : public testing::Test {
 protected:
  // Saves a new connection; the remote end comes back.
  UniqueFd save(const std::string& endpoint, const std::string& property,
                SessionCache::Ttl ttl = 5s) {
    auto [remote, ours] = test::socket_pair();
    cache.save_endpoint(endpoint, {property, std::move(ours)}, ttl);
    return std::move(remote);
  }
  // The property of the session that is found, "-" when there is none.
  std::string find(const std::string& endpoint) {
    const auto found = cache.find_endpoint(endpoint);
    return found ? found->property : "-";
  }
  // "binding's property/session's property", "-" when there is none.
  std::string find_destination(const std::string& destination) {
    const auto found = cache.find_destination(destination);
    return found ? found->property + "/" + found->session.property : "-";
  }

  util::ManualScheduler clock;
  MultiSessionCache cache{clock};
};

TEST_F(MultiSessionCacheTest, GivesAnEndpointsSessionsInTheOrderOfSaving) {
  save("e1", "p1");
  save("e1", "p2");
  save("e2", "p3");
  EXPECT_EQ(find("e1"), "p1");
  EXPECT_EQ(find("e1"), "p2");
  EXPECT_EQ(find("e1"), "-");
  EXPECT_EQ(find("e2"), "p3");
}

TEST_F(MultiSessionCacheTest, HandsOutTheConnectionItselfAndKeepsNone) {
  const UniqueFd remote = save("e", "p");
  auto found = cache.find_endpoint("e");
  ASSERT_TRUE(found);
  clock.advance(1h);
  EXPECT_FALSE(test::sees_eof(remote));
  found->connection.reset();
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(MultiSessionCacheTest, ClosesAConnectionThatNobodyWantedToTheMillisecond) {
  const UniqueFd remote = save("e", "p", 2s);
  clock.advance(1999ms);
  EXPECT_FALSE(test::sees_eof(remote));
  clock.advance(1ms);
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(cache.size(), SessionCache::Size());
  EXPECT_EQ(cache.departures(Departure::Expired), 1U);
}

TEST_F(MultiSessionCacheTest, TriesBindingsInTheOrderOfTheirFirstSave) {
  cache.save_destination("d", {.property = "dp1", .endpoint = "e1"}, 5s);
  cache.save_destination("d", {.property = "dp2", .endpoint = "e2"}, 5s);
  cache.save_destination("d", {.property = "dp1", .endpoint = "e1"}, 5s);
  save("e2", "p2");
  save("e1", "p1");
  EXPECT_EQ(find_destination("d"), "dp1/p1");
  EXPECT_EQ(find_destination("d"), "dp2/p2");
  EXPECT_EQ(find_destination("d"), "-");
  EXPECT_EQ(find_destination("D"), "-");
}

TEST_F(MultiSessionCacheTest, ABindingOutlivesTheSessionsOfItsEndpoint) {
  cache.save_destination("a", {.property = "p1", .endpoint = "e"}, 5s);
  cache.save_destination("b", {.property = "p2", .endpoint = "e"}, 5s);
  save("e", "q");
  EXPECT_EQ(find_destination("a"), "p1/q");
  EXPECT_EQ(find_destination("b"), "-");
  save("e", "q");
  EXPECT_EQ(find_destination("b"), "p2/q");
}

TEST_F(MultiSessionCacheTest, ARefreshSetsTheDeadlineAnewEvenIfItIsEarlier) {
  cache.save_destination("d", {.property = "p", .endpoint = "e"}, 3s);
  cache.save_destination("d", {.property = "p", .endpoint = "e"}, 1s);
  EXPECT_EQ(cache.size().destinations, 1U);
  clock.advance(1s);
  EXPECT_EQ(cache.size().destinations, 0U);
}

TEST_F(MultiSessionCacheTest, AnotherPropertyIsAnotherBinding) {
  cache.save_destination("d", {.property = "p1", .endpoint = "e"}, 1s);
  cache.save_destination("d", {.property = "p2", .endpoint = "e"}, 2s);
  clock.advance(1s);
  save("e", "q");
  EXPECT_EQ(find_destination("d"), "p2/q");
}

TEST_F(MultiSessionCacheTest, CountsLabelsAndSessions) {
  save("e1", "p");
  save("e1", "p");
  save("e2", "p");
  cache.save_destination("d", {.property = "p", .endpoint = "e1"}, 5s);
  cache.save_destination("d", {.property = "p", .endpoint = "elsewhere"}, 5s);
  EXPECT_EQ(cache.size(), (SessionCache::Size{.destinations = 1, .endpoints = 2, .sessions = 3}));
}

TEST_F(MultiSessionCacheTest, AcceptsEmptyLabelsAndProperties) {
  save("", "");
  cache.save_destination("", {.property = "", .endpoint = ""}, 5s);
  EXPECT_EQ(find_destination(""), "/");
}

TEST_F(MultiSessionCacheTest, LogsWhatItDoesWhenVerbose) {
  msg::set_verbose(1);
  cache.save_destination("d1", {.property = "p", .endpoint = "e1"}, 2s);
  save("e1", "q", 2s);
  cache.save_destination("d1", {.property = "p", .endpoint = "e1"}, 2s);
  clock.advance(2s);
  (void)find("e1");
  (void)find_destination("d1");
  msg::set_verbose(0);
  std::vector<std::string> lines = test::LogCapture::lines();
  for (std::string& line : lines) line = line.substr(0, line.find(" fd="));
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "scache_multi_save_dest: dest_label=d1 -> dest_prop=p endp_label=e1",
                "scache_multi_save_endp: endp_label=e1 -> endp_prop=q",
                "scache_multi_save_dest: dest_label=d1 -> dest_prop=p endp_label=e1 (refreshed)",
                "scache_multi_drop_endp: endp_prop=q",
                "scache_multi_drop_dest: dest_prop=p endp_label=e1",
                "scache_multi_find_endp: no endpoint cache: endp_label=e1",
                "scache_multi_find_dest: no destination cache: dest_label=d1"}));
}

TEST_F(MultiSessionCacheTest, ShedsTheSessionThatIsNearestToItsEnd) {
  const UniqueFd longer = save("e1", "p", 9s);
  const UniqueFd shorter = save("e2", "p", 2s);
  EXPECT_TRUE(cache.shed_one());
  EXPECT_TRUE(test::sees_eof(shorter));
  EXPECT_FALSE(test::sees_eof(longer));
  EXPECT_TRUE(cache.shed_one());
  EXPECT_FALSE(cache.shed_one());
  EXPECT_EQ(cache.departures(Departure::Shed), 2U);
}

TEST_F(MultiSessionCacheTest, OneTimerServesAllEntries) {
  for (int i = 0; i < 100; ++i) {
    save("e" + std::to_string(i), "p", std::chrono::seconds(1 + i));
    cache.save_destination("d", {.property = std::to_string(i), .endpoint = "e"}, 50s);
  }
  EXPECT_EQ(clock.timers(), 1U);
  clock.advance(101s);
  EXPECT_EQ(cache.size(), SessionCache::Size());
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(MultiSessionCacheTest, ManyThatEndTogetherAllEnd) {
  std::vector<UniqueFd> remotes;
  for (int i = 0; i < 400; ++i) remotes.push_back(save("e", "p", 1s));
  for (int i = 0; i < 400; ++i)
    cache.save_destination("d" + std::to_string(i), {.property = "p", .endpoint = "e"}, 1s);
  clock.advance(1s);
  EXPECT_EQ(cache.size(), SessionCache::Size());
  for (const UniqueFd& remote : remotes) EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(MultiSessionCacheTest, WarnsOfADescriptorThatSomebodyElseHasClosed) {
  test::LogCapture::expect("scache_multi_drop_endp: close(");
  {
    auto [remote, ours] = test::socket_pair();
    const int fd = ours.get();
    cache.save_endpoint("e", {"p", std::move(ours)}, 1s);
    const UniqueFd second_owner(fd);
  }
  clock.advance(1s);
  EXPECT_TRUE(test::LogCapture::contains("Bad file descriptor"));
}

// A cache that makes room, and one that watches.

TEST(MultiSessionCacheOptions, TheOldestSessionMakesRoom) {
  util::ManualScheduler clock;
  MultiSessionCache cache(clock, {.limits = {.sessions = 2}});
  auto [remote, oldest] = test::socket_pair();
  cache.save_endpoint("e1", {"oldest", std::move(oldest)}, 9s);
  for (const auto* property : {"second", "third"})
    cache.save_endpoint("e2", {property, test::socket_pair().first}, 2s);
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(cache.size().sessions, 2U);
  EXPECT_EQ(cache.find_endpoint("e2")->property, "second");
}

TEST(MultiSessionCacheOptions, TheOldestSessionOfAnEndpointMakesRoom) {
  util::ManualScheduler clock;
  MultiSessionCache cache(clock, {.limits = {.endpoint_sessions = 2}});
  for (const auto* endpoint : {"e1", "e1", "e2", "e1"})
    cache.save_endpoint(endpoint, {"p", test::socket_pair().first}, 2s);
  EXPECT_EQ(cache.size(), (SessionCache::Size{.endpoints = 2, .sessions = 3}));
  EXPECT_EQ(cache.departures(Departure::EndpointEvicted), 1U);
}

TEST(MultiSessionCacheOptions, TheOldestSessionOfAServiceMakesRoom) {
  util::ManualScheduler clock;
  MultiSessionCache cache(clock, {.limits = {.service_sessions = 2}});
  for (const auto* endpoint : {"smtp\n1\n", "relay\n1\n", "smtp\n2\n", "smtp\n3\n"})
    cache.save_endpoint(endpoint, {"p", test::socket_pair().first}, 2s);
  EXPECT_FALSE(cache.find_endpoint("smtp\n1\n"));
  EXPECT_TRUE(cache.find_endpoint("relay\n1\n"));
  EXPECT_EQ(cache.departures(Departure::ServiceEvicted), 1U);
  EXPECT_TRUE(cache.find_endpoint("smtp\n2\n"));
  cache.save_endpoint("smtp\n4\n", {"p", test::socket_pair().first}, 2s);
  EXPECT_EQ(cache.size().sessions, 2U);
}

TEST(MultiSessionCacheOptions, ARandomMixKeepsToAllLimits) {
  util::ManualScheduler clock;
  MultiSessionCache cache(
      clock, {.limits = {.sessions = 20, .service_sessions = 9, .endpoint_sessions = 4}});
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    const std::string service = "s" + std::to_string(random() % 4) + "\n";
    const std::string endpoint = service + std::to_string(random() % 5);
    if (random() % 3 == 0)
      cache.find_endpoint(endpoint);
    else
      cache.save_endpoint(endpoint, {"p", test::socket_pair().first},
                          std::chrono::milliseconds(1 + random() % 3000));
    if (random() % 20 == 0) clock.advance(100ms);
    std::map<std::string, std::size_t> by_endpoint;
    std::map<std::string, std::size_t> by_service;
    cache.for_each_session([&](const MultiSessionCache::SessionView& session) {
      ++by_endpoint[std::string(session.endpoint)];
      ++by_service[std::string(session.endpoint.substr(0, 2))];
    });
    EXPECT_LE(cache.size().sessions, 20U);
    EXPECT_EQ(cache.size().endpoints, by_endpoint.size());
    for (const auto& [name, count] : by_endpoint) EXPECT_LE(count, 4U) << name;
    for (const auto& [name, count] : by_service) EXPECT_LE(count, 9U) << name;
  }
}

// What a session is told when it has to go.

class FarewellTest : public testing::Test {
 protected:
  UniqueFd save(MultiSessionCache& cache, const std::string& farewell) {
    auto [remote, ours] = test::socket_pair();
    cache.save_endpoint("e", {"p", std::move(ours), farewell}, 2s);
    return std::move(remote);
  }
  util::ManualScheduler clock;
};

TEST_F(FarewellTest, IsSaidWhenTheTimeIsUp) {
  MultiSessionCache cache(clock);
  const UniqueFd polite = save(cache, "QUIT\r\n");
  const UniqueFd silent = save(cache, "");
  clock.advance(2s);
  EXPECT_EQ(test::received_text(polite), "QUIT\r\n");
  EXPECT_TRUE(test::sees_eof(polite));
  EXPECT_TRUE(test::sees_eof(silent));
}

TEST_F(FarewellTest, IsSaidToTheOneThatMakesRoom) {
  MultiSessionCache cache(clock, {.limits = {.sessions = 1}});
  const UniqueFd first = save(cache, "QUIT\r\n");
  const UniqueFd second = save(cache, "QUIT\r\n");
  EXPECT_EQ(test::received_text(first), "QUIT\r\n");
  EXPECT_FALSE(test::sees_eof(second));
}

TEST_F(FarewellTest, IsSaidWhenTheCacheCloses) {
  auto cache = std::make_unique<MultiSessionCache>(clock);
  const UniqueFd remote = save(*cache, "QUIT\r\n");
  cache.reset();
  EXPECT_EQ(test::received_text(remote), "QUIT\r\n");
}

TEST_F(FarewellTest, IsNotSaidByTheCacheWhenTheSessionIsFound) {
  MultiSessionCache cache(clock);
  const UniqueFd remote = save(cache, "QUIT\r\n");
  (void)cache.find_endpoint("e");
  EXPECT_EQ(test::received_text(remote), "");
}

TEST_F(FarewellTest, IsNotSaidToARemoteEndThatHasSaidItsOwn) {
  MultiSessionCache cache(clock, {.watch_idle_sessions = true});
  const UniqueFd remote = save(cache, "QUIT\r\n");
  test::send_text(remote, "421 4.3.0 bye\r\n");
  clock.ready();
  EXPECT_EQ(test::received_text(remote), "");
}

// Looking on.

TEST_F(MultiSessionCacheTest, ShowsItsSessionsFromTheOldestOn) {
  const UniqueFd first = save("e2", "p1", 5s);
  clock.advance(1500ms);
  const UniqueFd second = save("e1", "p2", 3s);
  std::vector<std::string> seen;
  cache.for_each_session([&](const MultiSessionCache::SessionView& session) {
    seen.push_back(fmt::format("{} {} {} {}", session.endpoint, session.property,
                               session.age.count(), session.remaining.count()));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"e2 p1 1500 3500", "e1 p2 0 3000"}));
}

TEST_F(MultiSessionCacheTest, ShowsItsBindings) {
  cache.save_destination("d", {.property = "p1", .endpoint = "e2"}, 5s);
  cache.save_destination("d", {.property = "p2", .endpoint = "e1"}, 3s);
  std::vector<std::string> seen;
  cache.for_each_binding([&](const MultiSessionCache::BindingView& binding) {
    seen.push_back(fmt::format("{} {} {} {}", binding.destination, binding.property,
                               binding.endpoint, binding.remaining.count()));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"d p1 e2 5000", "d p2 e1 3000"}));
}

TEST_F(MultiSessionCacheTest, FlushesWhatIsWanted) {
  const UniqueFd wanted = save("e1", "p");
  const UniqueFd other = save("e2", "p");
  EXPECT_EQ(cache.flush([](const auto& session) { return session.endpoint == "e1"; }, 9), 1U);
  EXPECT_TRUE(test::sees_eof(wanted));
  EXPECT_FALSE(test::sees_eof(other));
  EXPECT_EQ(cache.departures(Departure::Flushed), 1U);
}

TEST_F(MultiSessionCacheTest, FlushesTheOldestWhenThereAreMany) {
  const UniqueFd oldest = save("e1", "p");
  const UniqueFd newest = save("e1", "p");
  EXPECT_EQ(cache.flush([](const auto&) { return true; }, 1), 1U);
  EXPECT_TRUE(test::sees_eof(oldest));
  EXPECT_FALSE(test::sees_eof(newest));
}

class WatchedSessionCacheTest : public testing::Test {
 protected:
  UniqueFd save() {
    auto [remote, ours] = test::socket_pair();
    cache.save_endpoint("e", {"p", std::move(ours)}, 5s);
    return std::move(remote);
  }
  util::ManualScheduler clock;
  MultiSessionCache cache{clock, {.watch_idle_sessions = true}};
};

TEST_F(WatchedSessionCacheTest, DropsWhatTheRemoteEndCloses) {
  UniqueFd remote = save();
  const UniqueFd other = save();
  remote.reset();
  clock.ready();
  EXPECT_EQ(cache.size().sessions, 1U);
  EXPECT_EQ(cache.departures(Departure::RemoteClosed), 1U);
}

TEST_F(WatchedSessionCacheTest, DropsASessionWhoseServerSpeaksUp) {
  const UniqueFd remote = save();
  test::send_text(remote, "421 4.3.0 bye\r\n");
  clock.ready();
  EXPECT_EQ(cache.size().sessions, 0U);
  EXPECT_EQ(cache.departures(Departure::RemoteData), 1U);
}

TEST_F(WatchedSessionCacheTest, LooksAtNobodyElsesConnections) {
  const UniqueFd remote = save();
  const auto found = cache.find_endpoint("e");
  test::send_text(remote, "250 ok\r\n");
  clock.ready();
  ASSERT_TRUE(found);
  EXPECT_EQ(test::received_text(found->connection), "250 ok\r\n");
}

TEST_F(WatchedSessionCacheTest, KeepsAPipeWhoseOtherEndIsGone) {
  auto [ours, other] = test::pipe_pair();
  cache.save_endpoint("e", {"p", std::move(ours)}, 5s);
  other.reset();
  clock.ready();
  EXPECT_EQ(cache.size().sessions, 1U);
}

TEST_F(WatchedSessionCacheTest, ACopyElsewhereDoesNotConfuseIt) {
  auto [remote, ours] = test::socket_pair();
  const UniqueFd copy(dup(ours.get()));
  cache.save_endpoint("e", {"p", std::move(ours)}, 1s);
  clock.advance(1s);
  test::send_text(remote, "too late");
  clock.ready();
  EXPECT_EQ(cache.departures(Departure::Expired), 1U);
  EXPECT_EQ(cache.departures(Departure::RemoteData), 0U);
}

}  // namespace
}  // namespace handoff::global
