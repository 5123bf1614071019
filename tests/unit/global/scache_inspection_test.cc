#include "global/scache_inspection.h"

#include <gtest/gtest.h>

#include <string>

#include "global/cache_label.h"
#include "global/cache_snapshot.h"
#include "support/sockets.h"
#include "util/in_memory_file.h"
#include "util/manual_scheduler.h"

namespace handoff::global::scache {
namespace {

using namespace std::chrono_literals;

class InspectionTest : public testing::Test {
 protected:
  void save(const std::string& endpoint) {
    cache.save_endpoint(endpoint, {"p", test::socket_pair().first, ""}, 5s);
    statistics.endpoint_saved(cache.size());
  }

  util::ManualScheduler clock;
  MultiSessionCache cache{clock};
  Statistics statistics{1000};
  Inspection inspection{
      clock, cache, statistics, {.clients = [] { return 7U; }, .session_limit = 99}};
};

TEST_F(InspectionTest, ReportsWhatIsThere) {
  save("smtp\n1\n");
  save("smtp\n2\n");
  const StatisticsReply reply = inspection.statistics();
  EXPECT_EQ(reply.clients, 7U);
  EXPECT_EQ(reply.session_limit, 99U);
  EXPECT_EQ(reply.size.sessions, 2U);
  EXPECT_EQ(reply.total.counts.sessions_saved, 2U);
  EXPECT_EQ(reply.total.since, 1000);
}

TEST_F(InspectionTest, ReportsDeparturesByReason) {
  save("e1");
  save("e2");
  save("e3");
  (void)cache.find_endpoint("e1");
  cache.shed_one();
  clock.advance(5s);
  const DeparturesReply departures = inspection.statistics().total_departures;
  EXPECT_EQ(departures.found, 1U);
  EXPECT_EQ(departures.shed, 1U);
  EXPECT_EQ(departures.expired, 1U);
  EXPECT_EQ(departures.remote_data, 0U);
}

TEST_F(InspectionTest, TellsAnIntervalFromTheWhole) {
  save("e1");
  (void)cache.find_endpoint("e1");
  statistics.log(2000);
  inspection.begin_interval();
  save("e1");
  const StatisticsReply reply = inspection.statistics();
  EXPECT_EQ(reply.interval.since, 2000);
  EXPECT_EQ(reply.interval.counts.sessions_saved, 1U);
  EXPECT_EQ(reply.interval_departures.found, 0U);
  EXPECT_EQ(reply.total.counts.sessions_saved, 2U);
  EXPECT_EQ(reply.total_departures.found, 1U);
}

TEST_F(InspectionTest, ShowsItsContents) {
  save("e1");
  const auto file = inspection.contents();
  ASSERT_TRUE(file);
  const auto bytes = util::read_whole_file(file->get(), 1U << 20);
  ASSERT_TRUE(bytes);
  const auto contents = decode_snapshot(*bytes);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->sessions.at(0).endpoint, "e1");
}

TEST_F(InspectionTest, FlushesByEndpointAndByDestination) {
  save("smtp\n192.0.2.1\n25\n0\n");
  save("smtp\n192.0.2.2\n25\n0\n");
  save("relay\n192.0.2.3\n25\n0\n");
  cache.save_destination("smtp\nexample.com\n",
                         {.property = "", .endpoint = "smtp\n192.0.2.2\n25\n0\n"}, 5s);
  EXPECT_EQ(inspection.flush("nothing").closed, 0U);
  EXPECT_EQ(inspection.flush("smtp|example.com").closed, 1U);
  EXPECT_EQ(inspection.flush("*|192.0.2.1|*").closed, 1U);
  EXPECT_EQ(inspection.flush("*").closed, 1U);
}

TEST_F(InspectionTest, FlushesALabelAsItIsShown) {
  cache.save_destination("smtp\n[relay.example.com]:587\n", {.property = "", .endpoint = "e"}, 5s);
  save("e");
  EXPECT_EQ(inspection.flush("smtp|[relay.example.com]:587").closed, 1U);
}

TEST_F(InspectionTest, FlushesManyInPortions) {
  for (int i = 0; i < 600; ++i) save("e");
  EXPECT_EQ(inspection.flush("*").more, 1U);
  EXPECT_EQ(inspection.flush("*").more, 0U);
  EXPECT_EQ(cache.size().sessions, 0U);
}

TEST(PrintableLabel, HasNoControlCharacters) {
  EXPECT_EQ(printable_label("smtp\n192.0.2.1\n25\n0\n"), "smtp|192.0.2.1|25|0");
  EXPECT_EQ(printable_label("a\tb\x1b[31m"), "a?b?[31m");
  EXPECT_EQ(printable_label(""), "");
}

}  // namespace
}  // namespace handoff::global::scache
