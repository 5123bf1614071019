#include "smtp/cache_entry.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::smtp {
namespace {

SessionState session() {
  SessionState session;
  session.server = {"[127.0.0.1]:43101", "127.0.0.1", "127.0.0.1", 43101};
  session.features = feature::kEsmtp | feature::k8BitMime | feature::kPipelining | feature::kSize |
                     feature::kDsn | feature::kSmtpUtf8 | feature::kBestMx | feature::kFromCache;
  session.life = SessionLife::until(1795294654);
  return session;
}

// The labels that stock smtp(8) was seen to use (spec/smtp-client.md 2.2).
TEST(LabelTest, AreThoseOfStock) {
  const LabelScope plain{.service = "smtp", .sender = {}, .with_credentials = false};
  const Server server = session().server;
  EXPECT_EQ(destination_label(plain, "[127.0.0.1]:43101"), "smtp\n[127.0.0.1]:43101\n");
  EXPECT_EQ(endpoint_label(plain, server, 0), "smtp\n127.0.0.1\n43101\n0\n");
  EXPECT_EQ(endpoint_label(plain, server, 2), "smtp\n127.0.0.1\n43101\n2\n");
  const Server local{"[localhost]:43320", "localhost", "127.0.0.1", 43320};
  EXPECT_EQ(
      endpoint_label({.service = "tsecrca", .sender = {}, .with_credentials = false}, local, 8),
      "tsecrca\n[localhost]:43320\n127.0.0.1\n43320\n8\n");
}

TEST(LabelTest, TellCredentialsApart) {
  LabelScope scope{.service = "saslnd", .sender = {}, .with_credentials = true};
  const Server server{"[127.0.0.1]:43330", "127.0.0.1", "127.0.0.1", 43330};
  EXPECT_EQ(destination_label(scope, server.next_hop), "saslnd\n[127.0.0.1]:43330\n");
  EXPECT_EQ(endpoint_label(scope, server, 0),
            "saslnd\n[127.0.0.1]:43330\n127.0.0.1\n127.0.0.1\n43330\n0\n");
  scope = {.service = "sasl", .sender = "a@client.test", .with_credentials = true};
  EXPECT_EQ(destination_label(scope, server.next_hop), "sasl\na@client.test\n[127.0.0.1]:43330\n");
  scope.sender = "";
  EXPECT_EQ(destination_label(scope, server.next_hop), "sasl\n*\n[127.0.0.1]:43330\n");
  scope.sender = "a*b";
  EXPECT_EQ(destination_label(scope, "x"), "sasl\nYSpi\nx\n");
}

TEST(PropertyTest, AreThoseOfStock) {
  EXPECT_EQ(destination_property(session()),
            "destination=[127.0.0.1]:43101\nhost_name=127.0.0.1\nhost_addr=127.0.0.1\n"
            "destination_features=4096\n\n");
  EXPECT_EQ(endpoint_property(session()),
            "tls_level=0\nreuse_count=0\nendpoint_features=2129935\nexpire_time=1795294654\n\n");
}

TEST(PropertyTest, ComeBackForOneMoreUse) {
  const SessionState stored = session();
  const Server asked{"example.org", "", "", 43101};
  auto found = activate(asked, destination_property(stored), endpoint_property(stored));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->server, stored.server);
  EXPECT_EQ(found->features, stored.features);
  EXPECT_EQ(found->reuse_count, 1);
  EXPECT_EQ(found->life.expire_time(), 1795294654);
}

TEST(PropertyTest, BelongToTheServerThatWasLookedUpByAddress) {
  const Server asked{"[localhost]:43101", "localhost", "127.0.0.1", 43101};
  auto found = activate(asked, "", endpoint_property(session()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->server, asked);
  EXPECT_FALSE(found->has(feature::kBestMx));
}

TEST(PropertyTest, MayContainWhatWeDoNotKnow) {
  auto found = activate(
      {}, "x=1\ndestination=d\nhost_name=h\ny=2\nhost_addr=a\ndestination_features=0\nz=\n\n",
      "new=1\ntls_level=0\nmore=2\nreuse_count=4\nendpoint_features=1\nexpire_time=5\nend=3\n\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->server.host, "h");
  EXPECT_EQ(found->reuse_count, 5);
}

TEST(PropertyTest, KeepTheTextOfATlsSession) {
  const std::string stored =
      "tls_level=2\nreuse_count=0\nendpoint_features=4227087\nexpire_time=5\n\npeer_CN=x\n\n";
  auto found = activate({}, "", stored);
  ASSERT_TRUE(found);
  found->reuse_count = 0;
  EXPECT_EQ(endpoint_property(*found), stored);
}

TEST(PropertyTest, AreRefusedWhenMalformed) {
  test::LogCapture::expect("smtp_session_activate: bad cached endp properties");
  test::LogCapture::expect("smtp_session_passivate: bad cached dest properties");
  const std::string good = endpoint_property(session());
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("tls_level=0\n\n"),
        good.substr(0, good.size() - 1),
        std::string("reuse_count=0\ntls_level=0\nendpoint_features=1\nexpire_time=5\n\n"),
        std::string("tls_level=-1\nreuse_count=0\nendpoint_features=1\nexpire_time=5\n\n"),
        std::string("tls_level=x\nreuse_count=0\nendpoint_features=1\nexpire_time=5\n\n"),
        std::string("tls_level=0\nreuse_count=99999999999\nendpoint_features=1\nexpire_time=5\n\n"),
        std::string("tls_level=2\nreuse_count=0\nendpoint_features=1\nexpire_time=5\n\n")})
    EXPECT_FALSE(activate({}, "", bad)) << bad;
  EXPECT_FALSE(activate({}, "destination=x\n\n", good));
}

}  // namespace
}  // namespace handoff::smtp
