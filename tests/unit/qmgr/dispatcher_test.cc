#include "qmgr/dispatcher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "util/manual_scheduler.h"

namespace handoff::qmgr {
namespace {

using namespace std::chrono_literals;
using Outcome = Dispatcher::Outcome;
using global::Dsn;

constexpr int kPlain = 0;
constexpr int kLoad = 2048;
constexpr int kLoadAndStore = 6144;

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest()
      : dispatcher(
            scheduler, [this] { return seconds(); },
            [this](const std::string&) { return settings; }, Dispatcher::Options{}) {}

  // A day that begins at midnight: no delivery was done a second ago.
  std::int64_t seconds() const {
    return 1'000'000 +
           std::chrono::duration_cast<std::chrono::seconds>(scheduler.now() - start).count();
  }
  Transport& smtp() { return dispatcher.transport("smtp"); }
  Message& message() {
    messages.push_back(std::make_unique<Message>());
    messages.back()->sequence = messages.size();
    return *messages.back();
  }
  void add(Message& for_message, const std::string& domain) {
    auto entry = std::make_unique<Entry>();
    entry->message = &for_message;
    entry->transport = &smtp();
    entry->destination = &dispatcher.destination(smtp(), domain, domain);
    dispatcher.add(std::move(entry));
  }
  void add(const std::string& domain, int messages_count = 1) {
    for (int i = 0; i < messages_count; ++i) add(message(), domain);
  }
  // Selects all that can be selected now.
  std::vector<std::unique_ptr<Entry>> select_all() {
    std::vector<std::unique_ptr<Entry>> all;
    while (auto entry = dispatcher.select(smtp())) all.push_back(std::move(entry));
    return all;
  }

  util::ManualScheduler scheduler;
  util::Scheduler::TimePoint start = scheduler.now();
  TransportSettings settings;
  std::vector<std::unique_ptr<Message>> messages;
  Dispatcher dispatcher;
};

TEST_F(DispatcherTest, FillsTheWindowAndNoMore) {
  add("example.com", 14);
  EXPECT_EQ(select_all().size(), 5U);
}

TEST_F(DispatcherTest, ServesTheOlderMessageFirst) {
  Message& old = message();
  Message& young = message();
  add(young, "a.example");
  add(old, "b.example");
  EXPECT_EQ(dispatcher.select(smtp())->message, &old);
  EXPECT_EQ(dispatcher.select(smtp())->message, &young);
}

TEST_F(DispatcherTest, LetsTheDestinationsOfAMessageTakeTurns) {
  Message& one = message();
  for (int i = 0; i < 2; ++i) add(one, "a.example");
  for (int i = 0; i < 2; ++i) add(one, "b.example");
  std::string order;
  for (const auto& entry : select_all()) order += entry->destination->name[0];
  EXPECT_EQ(order, "abab");
}

TEST_F(DispatcherTest, GoesOnBehindADestinationThatIsBusy) {
  add("slow.example", 10);
  add("quick.example");
  const auto selected = select_all();
  EXPECT_EQ(selected.size(), 6U);
  EXPECT_EQ(selected.back()->destination->name, "quick.example");
}

TEST_F(DispatcherTest, WantsAtMostTwoAgentsThatHaveNotSaidHello) {
  add("example.com", 10);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(dispatcher.wants_agent(), &smtp());
    dispatcher.agent_pending(smtp());
  }
  EXPECT_EQ(dispatcher.wants_agent(), nullptr);
  dispatcher.agent_arrived(smtp());
  EXPECT_EQ(dispatcher.wants_agent(), &smtp());
}

TEST_F(DispatcherTest, SaysThatAnotherAgentIsWantedWhenOneHasArrived) {
  int opportunities = 0;
  dispatcher.on_opportunity([&] { ++opportunities; });
  add("example.com", 3);
  for (int i = 0; i < 2; ++i) dispatcher.agent_pending(smtp());
  auto first = dispatcher.select(smtp());
  dispatcher.agent_arrived(smtp());
  EXPECT_EQ(opportunities, 1) << "one is pending, two entries wait";
  auto second = dispatcher.select(smtp());
  dispatcher.agent_pending(smtp());
  dispatcher.agent_arrived(smtp());
  EXPECT_EQ(opportunities, 1) << "one is pending, one entry waits";
}

TEST_F(DispatcherTest, WantsNoMoreAgentsThanThereIsWork) {
  add("example.com");
  dispatcher.agent_pending(smtp());
  EXPECT_EQ(dispatcher.wants_agent(), nullptr);
}

TEST_F(DispatcherTest, LetsTransportsTakeTurns) {
  add("example.com", 10);
  Transport& relay = dispatcher.transport("relay");
  auto entry = std::make_unique<Entry>();
  entry->message = &message();
  entry->transport = &relay;
  entry->destination = &dispatcher.destination(relay, "r", "r");
  dispatcher.add(std::move(entry));
  EXPECT_EQ(dispatcher.wants_agent(), &smtp());
  EXPECT_EQ(dispatcher.wants_agent(), &relay);
  EXPECT_EQ(dispatcher.wants_agent(), &smtp());
}

TEST_F(DispatcherTest, HandsBackWhatWaitsForADeadDestination) {
  add("example.com", 10);
  const auto selected = select_all();
  const Dsn why = Dsn::simple("4.4.1", "connection refused");
  EXPECT_TRUE(dispatcher.done(*selected[0], Outcome::Trouble, why).empty());
  EXPECT_TRUE(dispatcher.done(*selected[1], Outcome::Trouble, why).empty());
  const Entries orphans = dispatcher.done(*selected[2], Outcome::Trouble, why);
  EXPECT_EQ(orphans.size(), 5U);
  EXPECT_EQ(orphans[0]->destination->why_dead, why);
}

TEST_F(DispatcherTest, GivesADeadDestinationAnotherChanceLater) {
  add("example.com", 3);
  for (const auto& entry : select_all())
    (void)dispatcher.done(*entry, Outcome::Trouble, Dsn::simple("4.4.1", "refused"));
  Destination& destination = dispatcher.destination(smtp(), "example.com", "example.com");
  EXPECT_TRUE(destination.dead());
  scheduler.advance(299s);
  EXPECT_TRUE(destination.dead());
  scheduler.advance(1s);
  EXPECT_EQ(dispatcher.destinations(), 0U);  // nothing waits for it, so nothing is remembered
}

TEST_F(DispatcherTest, DoesNotGatherFailuresOfSingleMessages) {
  for (int i = 0; i < 10; ++i) {
    add("example.com");
    for (const auto& entry : select_all())
      EXPECT_TRUE(dispatcher.done(*entry, Outcome::Trouble, Dsn::simple("4.4.1", "no")).empty());
  }
  EXPECT_EQ(dispatcher.destinations(), 0U);
}

TEST_F(DispatcherTest, SendsNothingToADeadTransport) {
  add("example.com", 3);
  EXPECT_EQ(dispatcher.throttle(smtp(), Dsn::simple("4.3.0", "unavailable")).size(), 3U);
  add("example.com");
  EXPECT_EQ(dispatcher.wants_agent(), nullptr);
  EXPECT_EQ(dispatcher.select(smtp()), nullptr);
  scheduler.advance(60s);
  EXPECT_EQ(dispatcher.wants_agent(), &smtp());
}

TEST_F(DispatcherTest, ForgetsTroubleWhenTold) {
  (void)dispatcher.throttle(smtp(), Dsn::simple("4.3.0", "unavailable"));
  add("example.com");
  dispatcher.unthrottle_all();
  EXPECT_EQ(dispatcher.wants_agent(), &smtp());
}

TEST_F(DispatcherTest, RestsBetweenDeliveriesToASlowedDestination) {
  settings.destination_rate_delay = 10s;
  settings.window.limit = 1;
  add("example.com", 2);
  auto selected = select_all();
  ASSERT_EQ(selected.size(), 1U);
  (void)dispatcher.done(*selected[0], Outcome::Good);
  EXPECT_EQ(dispatcher.select(smtp()), nullptr);
  scheduler.advance(10s);
  EXPECT_NE(dispatcher.select(smtp()), nullptr);
}

TEST_F(DispatcherTest, RestsBetweenDeliveriesOfASlowedTransport) {
  settings.transport_rate_delay = 10s;
  add("a.example");
  add("b.example");
  EXPECT_NE(dispatcher.select(smtp()), nullptr);
  EXPECT_EQ(dispatcher.wants_agent(), nullptr);
  EXPECT_EQ(dispatcher.select(smtp()), nullptr);
  scheduler.advance(10s);
  EXPECT_NE(dispatcher.select(smtp()), nullptr);
}

TEST_F(DispatcherTest, NeverAsksTheFirstBatchToSaveConnections) {
  add("example.com", 14);
  auto batch = select_all();
  for (const auto& entry : batch) EXPECT_EQ(entry->cache_flags, kPlain);
  scheduler.advance(1s);
  int later = 0;
  for (const auto& entry : batch) {
    (void)dispatcher.done(*entry, Outcome::Good);
    for (const auto& next : select_all()) {
      EXPECT_EQ(next->cache_flags, kLoadAndStore);
      ++later;
    }
  }
  EXPECT_EQ(later, 9);
}

// Measured with stock: a serial agent with these pauses before each announcement.
TEST_F(DispatcherTest, AsksToSaveOnlyWhatIsBackToBack) {
  const std::vector<std::chrono::milliseconds> pauses{0ms, 0ms, 3200ms, 0ms, 1500ms, 2300ms, 0ms};
  add("example.com", static_cast<int>(pauses.size()));
  scheduler.advance(700ms);  // in the middle of a second
  std::vector<int> flags;
  for (const auto gap : pauses) {
    scheduler.advance(gap);
    const auto entry = dispatcher.select(smtp());
    flags.push_back(entry->cache_flags);
    (void)dispatcher.done(*entry, Outcome::Good);
  }
  EXPECT_EQ(flags, (std::vector{kPlain, kLoadAndStore, kLoad, kLoadAndStore, kLoad, kLoad,
                                kLoadAndStore}));
}

TEST_F(DispatcherTest, ForgetsAboutCachingWithTheDestination) {
  add("example.com");
  (void)dispatcher.done(*select_all()[0], Outcome::Good);
  add("example.com");
  EXPECT_EQ(select_all()[0]->cache_flags, kPlain);
}

}  // namespace
}  // namespace handoff::qmgr
