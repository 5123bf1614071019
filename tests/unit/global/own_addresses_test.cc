#include "global/own_addresses.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/log.h"

namespace handoff::global {
namespace {

using test::LogCapture;
using util::SocketAddress;

struct Loaded {
  Config config;
  Params params;
};

Loaded settings(std::vector<std::string> overrides) {
  auto config = Config::from_text("", {"/test", "smtp", {}, std::move(overrides)});
  EXPECT_TRUE(config);
  Params params = load_params(*config, "smtp");
  return {*std::move(config), std::move(params)};
}

util::Result<OwnAddresses> load(std::vector<std::string> overrides) {
  const Loaded loaded = settings(std::move(overrides));
  return OwnAddresses::try_load(loaded.config, loaded.params);
}

SocketAddress address(std::string_view text, std::uint16_t port = 0) {
  return *SocketAddress::parse(text, port);
}

TEST(OwnAddresses, AllIncludesLoopback) {
  const auto own = load({"inet_interfaces=all", "inet_protocols=ipv4"});
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->is_own(address("127.0.0.1", 25)));
  EXPECT_FALSE(own->is_own(address("203.0.113.7")));
  EXPECT_TRUE(std::ranges::all_of(own->own(), [](auto& a) { return a.family() == AF_INET; }));
}

TEST(OwnAddresses, LoopbackOnlyIsThatOnly) {
  const auto own = load({"inet_interfaces=loopback-only"});
  ASSERT_TRUE(own);
  EXPECT_TRUE(std::ranges::all_of(own->own(), [](auto& a) { return a.is_loopback(); }));
}

TEST(OwnAddresses, MayBeNamed) {
  const auto own = load({"inet_interfaces=127.0.0.1, [127.0.0.1]", "inet_protocols=ipv4"});
  ASSERT_TRUE(own);
  EXPECT_EQ(own->own().size(), 1U);
  EXPECT_TRUE(load({"inet_interfaces="})->own().empty());
}

TEST(OwnAddresses, MustBeThoseOfThisMachine) {
  LogCapture::expect("command line: inet_interfaces = 203.0.113.7: must be all, loopback-only, or");
  EXPECT_EQ(load({"inet_interfaces=203.0.113.7"}).error().what,
            "parameter inet_interfaces: no local interface found for 203.0.113.7");
  LogCapture::expect("command line: inet_interfaces = {x}: must be");
  EXPECT_EQ(load({"inet_interfaces={x}"}).error().what,
            "config variable inet_interfaces: host not found: {x}");
}

TEST(OwnAddresses, ProxiesNeedNotBe) {
  const auto own = load({"proxy_interfaces=203.0.113.7"});
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->is_proxied(address("203.0.113.7", 25)));
  EXPECT_FALSE(own->is_own(address("203.0.113.7", 25)));
}

TEST(OwnAddresses, ProtocolsAreNamesInLowerCase) {
  EXPECT_TRUE(load({"inet_protocols=ipv4,ipv4"})->protocols().ipv4);
  EXPECT_FALSE(load({"inet_protocols=ipv4"})->protocols().has(AF_INET6));
  LogCapture::expect("command line: inet_protocols = ");
  EXPECT_EQ(load({"inet_protocols=ipv4 ipv5"}).error().what,
            "unknown inet_protocols value \"ipv5\" in \"ipv4 ipv5\"");
  EXPECT_EQ(load({"inet_protocols=IPv4"}).error().what,
            "unknown inet_protocols value \"IPv4\" in \"IPv4\"");
}

TEST(OwnAddresses, NetworksHaveTheStyleThatWasAskedFor) {
  const auto networks = [](const std::string& style) {
    return *default_mynetworks(
        settings({"mynetworks_style=" + style, "inet_protocols=ipv4", "inet_interfaces=127.0.0.1"})
            .config);
  };
  EXPECT_EQ(networks("host"), "127.0.0.1/32");
  EXPECT_EQ(networks("subnet"), "127.0.0.0/8");
  EXPECT_EQ(networks("class"), "127.0.0.0/8");
  EXPECT_EQ(networks("host, host,"), "127.0.0.1/32");
}

TEST(OwnAddresses, NetworksAreNotMadeFromThemselves) {
  const Config config = *Config::from_text("mydomain = $mynetworks\ninet_interfaces = $mydomain\n");
  EXPECT_EQ(*default_mynetworks(config), "");
  EXPECT_EQ(*config.value("mydomain"), "");
}

TEST(OwnAddresses, AStyleOfNetworksMustBeKnown) {
  const auto error = [](const std::string& style) {
    LogCapture::expect("command line: mynetworks_style = " + style + ": must be host, subnet or ");
    return default_mynetworks(settings({"mynetworks_style=" + style}).config).error().what;
  };
  EXPECT_EQ(error("foo"), "unknown mynetworks mask style value \"foo\" in \"foo\"");
  EXPECT_EQ(error("host x"), "unknown mynetworks mask style value \"x\" in \"host x\"");
  EXPECT_EQ(error("host class"),
            "bad mynetworks_style value: host class; specify exactly one value");
}

}  // namespace
}  // namespace handoff::global
