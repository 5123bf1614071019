#include "trivial-rewrite/resolver.h"

#include <gtest/gtest.h>

#include <map>

#include "global/mail_proto.h"
#include "util/text.h"

namespace handoff::rewrite {
namespace {

namespace flag = global::resolve_flag;
using global::Resolution;
using util::Result;
using Found = std::optional<std::string>;

Lookup table(std::map<std::string, std::string, std::less<>> entries) {
  return
      [entries = std::move(entries)](std::string_view key, tables::MapList::Key) -> Result<Found> {
        const auto at = entries.find(util::to_lower(key));
        return at == entries.end() ? Found() : Found(at->second);
      };
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    settings.local_rules = {"my.example", ""};
    settings.myhostname = "host.my.example";
    settings.extensions.delimiters = "+";
    settings.is_local = [](std::string_view domain) -> Result<bool> {
      return domain == "my.example" || domain == "host.my.example" || domain == "[127.0.0.1]";
    };
    settings.relay.has = [](std::string_view domain) -> Result<bool> {
      return domain == "relay.example";
    };
    routes.local = "local:inbox";
    routes.relay = "relay";
    routes.other = "smtp";
    routes.virtual_mailbox = "virtual";
  }
  Resolution resolve(std::string_view address, std::string_view sender = "s@x.example") {
    return Resolver(settings, routes).resolve(sender, address);
  }

  ResolverSettings settings;
  Routes routes;
};

TEST_F(ResolverTest, SendsOthersMailToTheirDomain) {
  EXPECT_EQ(resolve("user@Example.com"),
            (Resolution{"smtp", "Example.com", "user@Example.com", flag::kClassDefault}));
}

TEST_F(ResolverTest, KeepsOurMail) {
  EXPECT_EQ(resolve("user@my.example"),
            (Resolution{"local", "inbox", "user@my.example", flag::kClassLocal}));
  EXPECT_EQ(resolve("user"),
            (Resolution{"local", "inbox", "user@host.my.example", flag::kClassLocal}));
  EXPECT_EQ(resolve("user@[127.0.0.1]").flags, flag::kClassLocal);
}

TEST_F(ResolverTest, AnAddressWithoutBracketsIsNobodys) {
  settings.is_local = [](std::string_view domain) -> Result<bool> {
    return domain == "192.0.2.8" || domain == "[192.0.2.8]";
  };
  EXPECT_EQ(resolve("user@192.0.2.8").flags, flag::kError | flag::kClassDefault);
  settings.resolve_numeric_domain = true;
  EXPECT_EQ(resolve("user@192.0.2.8").flags, flag::kClassLocal);
}

TEST_F(ResolverTest, TakesOurDomainOffUntilItMeetsAnother) {
  EXPECT_EQ(resolve("user%there.example@my.example").recipient, "user@there.example");
  EXPECT_EQ(resolve("there.example!user@my.example").recipient, "user@there.example");
  EXPECT_EQ(resolve("user%my.example@my.example").recipient, "user@my.example");
}

TEST_F(ResolverTest, WarnsOfOperatorsThatOthersMayObey) {
  EXPECT_EQ(resolve("a%b@example.com").flags, flag::kClassDefault | flag::kRouted);
  settings.local_rules.allow_percent_hack = false;
  EXPECT_EQ(resolve("a%b@example.com").flags, flag::kClassDefault | flag::kRouted);
}

TEST_F(ResolverTest, RefusesWhatIsNoAddress) {
  for (const char* bad : {"user@", "user@a..b", "user@1.2.3.4", "user@[]", "user@exa mple.com"})
    EXPECT_TRUE((resolve(bad).flags & flag::kError) != 0) << bad;
}

TEST_F(ResolverTest, UsesTheRelayHostUnlessToldWhere) {
  routes.relayhost = "[relay]";
  EXPECT_EQ(resolve("user@example.com").nexthop, "[relay]");
  EXPECT_EQ(resolve("user@relay.example").nexthop, "[relay]");
  routes.other = "smtp:[elsewhere]";
  EXPECT_EQ(resolve("user@example.com").nexthop, "[elsewhere]");
}

TEST_F(ResolverTest, LetsTheTableDecideLast) {
  routes.transport_maps = table({{"example.com", "a:b"},
                                 {".example.com", ":sub"},
                                 {"user@example.com", "slow:"},
                                 {"as.is", ":"}});
  EXPECT_EQ(resolve("other@example.com").nexthop, "b");
  EXPECT_EQ(resolve("other@x.y.Example.com").nexthop, "sub");
  EXPECT_EQ(resolve("user+ext@example.com").transport, "slow");
  EXPECT_EQ(resolve("user+ext@example.com").nexthop, "example.com");
  EXPECT_EQ(resolve("user@as.is").nexthop, "as.is");
}

TEST_F(ResolverTest, ParentsMayMatch) {
  routes.transport_maps = table({{"example.com", "a:b"}, {".dot.test", "a:b"}});
  EXPECT_EQ(resolve("user@sub.example.com").transport, "smtp");
  routes.transport_parents_match = true;
  EXPECT_EQ(resolve("user@x.sub.example.com").transport, "a");
  EXPECT_EQ(resolve("user@sub.dot.test").transport, "smtp");
}

TEST_F(ResolverTest, LeavesUpperAndLowerCaseToTheTable) {
  std::vector<std::string> keys;
  routes.transport_maps = [&](std::string_view key, tables::MapList::Key) -> Result<Found> {
    keys.emplace_back(key);
    return Found();
  };
  (void)resolve("User@X.test");
  EXPECT_EQ(keys, (std::vector<std::string>{"User@X.test", "X.test", ".test", "*"}));
}

TEST_F(ResolverTest, AsksForTheSendersWay) {
  routes.sender_relayhost = table({{"a@x.example", "[for-a]"},
                                   {"@y.example", "[for-y]"},
                                   {"<>", "[for-bounces]"},
                                   {"b@x.example", "DUNNO"}});
  EXPECT_EQ(resolve("u@example.com", "A@x.example").nexthop, "[for-a]");
  EXPECT_EQ(resolve("u@example.com", "any@y.example").nexthop, "[for-y]");
  EXPECT_EQ(resolve("u@example.com", "").nexthop, "[for-bounces]");
  EXPECT_EQ(resolve("u@example.com", "b@x.example").nexthop, "example.com");
}

TEST_F(ResolverTest, SaysTryAgainWhenATableFails) {
  routes.transport_maps = [](std::string_view, tables::MapList::Key) -> Result<Found> {
    return util::Error::not_found("broken table");
  };
  EXPECT_EQ(resolve("user@example.com").flags, flag::kClassDefault | flag::kFail);
}

TEST_F(ResolverTest, IsNotKeptBusyByOneAddress) {
  std::string address = "user";
  for (int i = 0; i < 5000; ++i) address += "%my.example";
  EXPECT_NE(resolve(address).flags, 0);
}

}  // namespace
}  // namespace handoff::rewrite
