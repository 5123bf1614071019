#include "smtp/route.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/log.h"

namespace handoff::smtp {
namespace {

using dns::Kind;
using Texts = std::vector<std::string>;

class RouteTest : public testing::Test {
 protected:
  void mx(int preference, const std::string& host) {
    mx_answer.kind = Kind::Found;
    mx_answer.hosts.push_back({preference, host});
  }
  void host(const std::string& name, std::initializer_list<std::string> addresses) {
    dns::HostAnswer answer;
    answer.kind = Kind::Found;
    answer.canonical = "real." + name;
    for (const auto& address : addresses)
      answer.addresses.push_back(*util::SocketAddress::parse(address, 0));
    hosts[name] = answer;
  }
  void failing(const std::string& name, Kind kind) {
    hosts[name].kind = kind;
    hosts[name].why = "no " + name;
  }

  dns::HostAnswer look_up(const std::string& name) {
    asked.push_back(name);
    if (hosts.contains(name)) return hosts[name];
    dns::HostAnswer missing;
    missing.why = "no " + name;
    return missing;
  }
  Router router() {
    Lookups lookups;
    lookups.mx = [this](const std::string&) { return mx_answer; };
    lookups.addresses = [this](const std::vector<std::string>& names) {
      std::vector<dns::HostAnswer> answers;
      for (const auto& name : names) answers.push_back(look_up(name));
      return answers;
    };
    lookups.native = [this](const std::string& name) { return look_up("native:" + name); };
    lookups.is_self = [this](const util::SocketAddress& address) {
      return self.contains(address.text());
    };
    return Router(settings, lookups, 1);
  }
  Route find(std::uint16_t port = 25, bool by_mx = true) {
    return router().find({"example.org", "example.org", port, by_mx});
  }
  static Texts texts(const Route& route) {
    Texts list;
    for (const Candidate& each : route.candidates)
      list.push_back(each.host + "/" + each.address.text());
    return list;
  }

  RouteSettings settings;
  dns::MxAnswer mx_answer;
  std::map<std::string, dns::HostAnswer> hosts;
  std::set<std::string> self;
  Texts asked;
};

TEST_F(RouteTest, SortsByPreference) {
  mx(20, "b");
  mx(10, "a");
  mx(30, "c");
  host("a", {"192.0.2.1"});
  host("b", {"192.0.2.2"});
  host("c", {"192.0.2.3"});
  const Route route = find(2525);
  EXPECT_EQ(texts(route), (Texts{"a/192.0.2.1", "b/192.0.2.2", "c/192.0.2.3"}));
  EXPECT_EQ(route.candidates[0].address.port(), 2525);
  EXPECT_EQ(route.best_preference(), 10);
}

TEST_F(RouteTest, ShufflesEqualPreferences) {
  for (int i = 1; i <= 50; ++i) {
    mx(10, std::to_string(i));
    host(std::to_string(i), {"192.0.2." + std::to_string(i)});
  }
  settings.address_limit = 0;
  const Texts shuffled = texts(find());
  settings.randomize = false;
  const Texts in_order = texts(find());
  EXPECT_NE(shuffled, in_order);
  EXPECT_EQ(in_order[0], "1/192.0.2.1");
  EXPECT_EQ(std::set<std::string>(shuffled.begin(), shuffled.end()).size(), 50U);
}

TEST_F(RouteTest, PutsTheWantedFamilyFirstWithinAPreference) {
  mx(10, "a");
  mx(20, "b");
  host("a", {"192.0.2.1", "2001:db8::1"});
  host("b", {"2001:db8::2"});
  settings.prefer = RouteSettings::Prefer::Ipv4;
  EXPECT_EQ(texts(find()), (Texts{"a/192.0.2.1", "a/2001:db8::1", "b/2001:db8::2"}));
  settings.prefer = RouteSettings::Prefer::Ipv6;
  EXPECT_EQ(texts(find()), (Texts{"a/2001:db8::1", "a/192.0.2.1", "b/2001:db8::2"}));
}

TEST_F(RouteTest, UsesTheDomainItselfWithoutMx) {
  host("example.org", {"192.0.2.9"});
  mx_answer.kind = Kind::NoData;
  EXPECT_EQ(texts(find()), Texts{"example.org/192.0.2.9"});
  mx_answer.kind = Kind::NotFound;
  EXPECT_EQ(texts(find()), Texts{"example.org/192.0.2.9"});
}

TEST_F(RouteTest, AsksNobodyForALiteral) {
  const Route route = router().find({"[192.0.2.7]", "192.0.2.7", 26, false});
  EXPECT_EQ(texts(route), Texts{"192.0.2.7/192.0.2.7"});
  EXPECT_EQ(route.candidates[0].address.port(), 26);
  EXPECT_EQ(asked, Texts{});
}

TEST_F(RouteTest, TellsFailuresOfTheMxLookup) {
  const std::vector<std::pair<Kind, std::string>> cases = {{Kind::Again, "4.4.3"},
                                                           {Kind::Permanent, "5.4.3"},
                                                           {Kind::Invalid, "5.4.4"},
                                                           {Kind::NullMx, "5.1.0"}};
  for (const auto& [kind, status] : cases) {
    mx_answer.kind = kind;
    EXPECT_EQ(find().failure.status, status);
  }
  EXPECT_EQ(find().failure.reason, "Domain example.org does not accept mail (nullMX)");
}

TEST_F(RouteTest, IgnoresFailuresOfTheMxLookupIfToldTo) {
  settings.ignore_mx_lookup_error = true;
  host("example.org", {"192.0.2.9"});
  mx_answer.kind = Kind::Again;
  EXPECT_EQ(texts(find()), Texts{"example.org/192.0.2.9"});
  mx_answer.kind = Kind::NullMx;
  EXPECT_EQ(texts(find()), Texts{});
}

TEST_F(RouteTest, RemembersThatAFailureMayPass) {
  mx(10, "a");
  mx(20, "b");
  failing("a", Kind::Again);
  failing("b", Kind::NotFound);
  test::LogCapture::expect("no MX host for example.org has a valid address record");
  EXPECT_EQ(find().failure, global::Dsn::simple("4.4.4", "no b"));
  failing("a", Kind::NotFound);
  EXPECT_EQ(find().failure, global::Dsn::simple("5.4.4", "no b"));
  settings.defer_if_no_mx_address_found = true;
  EXPECT_EQ(find().failure, global::Dsn::simple("4.4.4", "no b"));
}

TEST_F(RouteTest, AsksTheSystemWhereDnsKnowsNothing) {
  settings.host_native = true;
  host("native:example.org", {"127.0.0.9"});
  mx_answer.kind = Kind::NoData;
  EXPECT_EQ(texts(find()), Texts{"example.org/127.0.0.9"});
  EXPECT_EQ(asked, (Texts{"example.org", "native:example.org"}));
  failing("example.org", Kind::Again);
  EXPECT_EQ(find().failure.status, "4.4.3");
}

TEST_F(RouteTest, DoesWithoutDns) {
  settings.use_dns = settings.host_dns = false;
  settings.host_native = true;
  host("native:example.org", {"127.0.0.9"});
  EXPECT_EQ(texts(find()), Texts{"example.org/127.0.0.9"});
  EXPECT_EQ(asked, Texts{"native:example.org"});
}

TEST_F(RouteTest, UsesTheNameBehindAnAliasIfToldTo) {
  settings.cname_overrides_name = true;
  host("example.org", {"192.0.2.9"});
  EXPECT_EQ(texts(find(25, false)), Texts{"real.example.org/192.0.2.9"});
}

// --- Mail must not come back.

TEST_F(RouteTest, LeavesOutItselfAndWorseServers) {
  mx(10, "a");
  mx(20, "me");
  mx(20, "b");
  mx(30, "c");
  host("a", {"192.0.2.1"});
  host("b", {"192.0.2.2"});
  host("c", {"192.0.2.3"});
  host("me", {"192.0.2.100"});
  self = {"192.0.2.100"};
  const Route route = find();
  EXPECT_EQ(texts(route), Texts{"a/192.0.2.1"});
  EXPECT_TRUE(route.found_self);
  EXPECT_FALSE(route.is_loop);
  EXPECT_EQ(texts(find(26)).size(), 4U);
}

TEST_F(RouteTest, SaysThatItIsTheBestServer) {
  mx(10, "me");
  mx(20, "b");
  host("b", {"192.0.2.2"});
  host("me", {"192.0.2.100"});
  self = {"192.0.2.100", "192.0.2.2"};
  const Route route = find();
  EXPECT_TRUE(route.is_loop);
  EXPECT_EQ(route.failure,
            global::Dsn::simple("5.4.6", "mail for example.org loops back to myself"));
}

TEST_F(RouteTest, WaitsForABetterServerThatCannotBeResolved) {
  mx(10, "primary");
  mx(20, "me");
  host("me", {"192.0.2.100"});
  self = {"192.0.2.100"};
  const Route route = find();
  EXPECT_FALSE(route.is_loop);
  EXPECT_EQ(route.failure,
            global::Dsn::simple("4.4.4", "unable to find primary relay for example.org"));
}

TEST_F(RouteTest, DoesNotTalkToItself) {
  host("example.org", {"192.0.2.9", "192.0.2.100"});
  self = {"192.0.2.100"};
  EXPECT_TRUE(find(25, false).is_loop);
  EXPECT_FALSE(find(2525, false).is_loop);
}

// --- Both families within the limit.

std::string balanced(std::string families, std::size_t limit) {
  std::vector<Candidate> candidates;
  for (char family : families)
    candidates.push_back(
        {"", *util::SocketAddress::parse(family == '6' ? "::1" : "127.0.0.1", 0), 0});
  balance_families(candidates, limit);
  std::string kept;
  for (const Candidate& each : candidates) kept += each.address.family() == AF_INET6 ? '6' : '4';
  return kept;
}

TEST(BalanceTest, KeepsSomeOfEachFamily) {
  EXPECT_EQ(balanced("666666", 5), "666666");
  EXPECT_EQ(balanced("6464", 5), "6464");
  EXPECT_EQ(balanced("6666664", 5), "66664");
  EXPECT_EQ(balanced("4444446", 5), "44446");
  EXPECT_EQ(balanced("44444466", 5), "44466");
  EXPECT_EQ(balanced("444666", 5), "44466");
  EXPECT_EQ(balanced("666444", 5), "66644");
}

}  // namespace
}  // namespace handoff::smtp
