#include "master/endpoint.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::master {
namespace {

using test::LogCapture;
using util::Error;
using util::SocketAddress;
using Addresses = std::vector<SocketAddress>;

// Numeric hosts, "localhost" and "mx.example"; numeric ports and "smtp".
util::Result<Addresses> resolve(const std::string& host, const std::string& port) {
  const int number = port == "smtp" ? 25 : std::atoi(port.c_str());
  if (number == 0) return Error::not_found("no such port");
  const auto at = [number](const char* address) {
    return *SocketAddress::parse(address, static_cast<std::uint16_t>(number));
  };
  if (host == "localhost") return Addresses{at("::1"), at("127.0.0.1")};
  if (host == "mx.example") return Addresses{at("192.0.2.1"), at("192.0.2.1")};
  if (SocketAddress::parse(host, 0)) return Addresses{at(host.c_str())};
  return Error::syntax("no such host");
}

class EndpointTest : public ::testing::Test {
 protected:
  util::Result<Endpoint> find(const std::string& name, ServiceType type = ServiceType::Inet) {
    return endpoint_of({.line = 7, .name = name, .type = type}, "master.cf", network);
  }
  std::string canonical(const std::string& name) {
    const auto endpoint = find(name);
    return endpoint ? endpoint->canonical : endpoint.error().what;
  }
  std::vector<std::string> addresses(const std::string& name) {
    std::vector<std::string> texts;
    const auto endpoint = find(name);
    if (!endpoint) return {endpoint.error().what};
    for (const SocketAddress& address : endpoint->addresses) texts.push_back(address.text());
    return texts;
  }
  std::string error_of(const std::string& name, const std::string& explanation) {
    LogCapture::expect("master.cf, line 7: " + explanation);
    const auto endpoint = find(name);
    return endpoint ? "" : endpoint.error().what;
  }

  Network network{.protocols = {.ipv4 = true, .ipv6 = true},
                  .interfaces = "all",
                  .ports = {{"submission", "587"}},
                  .resolve = resolve};
};

using Texts = std::vector<std::string>;

TEST_F(EndpointTest, UnixNamesLieBelowPrivateAndPublic) {
  Entry entry{.line = 1, .name = "scache"};
  EXPECT_EQ(endpoint_of(entry, "", network)->canonical, "private/scache");
  entry.is_private = false;
  EXPECT_EQ(endpoint_of(entry, "", network)->path, "public/scache");
  EXPECT_TRUE(endpoint_of(entry, "", network)->loopback_only());
}

TEST_F(EndpointTest, CanonicalNamesAreNumericWhereTheHostIs) {
  EXPECT_EQ(canonical("25"), "25");
  EXPECT_EQ(canonical("smtp"), "25");
  EXPECT_EQ(canonical(":25"), "25");
  EXPECT_EQ(canonical("submission"), "587");
  EXPECT_EQ(canonical("127.0.0.1:smtp"), "[127.0.0.1]:25");
  EXPECT_EQ(canonical("[127.0.0.1]:25"), "[127.0.0.1]:25");
  EXPECT_EQ(canonical("[ipv6:0:0::1]:25"), "[::1]:25");
  EXPECT_EQ(canonical("localhost:25"), "[localhost]:25");
}

TEST_F(EndpointTest, WithoutAHostInterfacesCount) {
  EXPECT_EQ(addresses("25"), (Texts{"0.0.0.0", "::"}));
  network.interfaces = "192.0.2.9, [::1], 192.0.2.9";
  EXPECT_EQ(addresses("25"), (Texts{"192.0.2.9", "::1"}));
  network.protocols.ipv6 = false;
  EXPECT_EQ(addresses("25"), Texts{"192.0.2.9"});
  network.interfaces = "loopback-only";
  EXPECT_EQ(addresses("25"), Texts{"127.0.0.1"});
  EXPECT_TRUE(find("25")->loopback_only());
}

TEST_F(EndpointTest, WithAHostItsAddressesCountOnce) {
  EXPECT_EQ(addresses("mx.example:25"), Texts{"192.0.2.1"});
  EXPECT_EQ(addresses("localhost:25"), (Texts{"127.0.0.1", "::1"}));
  EXPECT_FALSE(find("mx.example:25")->loopback_only());
}

TEST_F(EndpointTest, NamesTheMistake) {
  EXPECT_EQ(error_of("nosuch.example:25", "a host is an address"),
            "master.cf: line 7: bad hostname or network address: nosuch.example:25");
  EXPECT_EQ(error_of("127.0.0.1:nosuch", "a port is a number"),
            "127.0.0.1:nosuch: Servname not supported for ai_socktype");
  EXPECT_EQ(error_of("127.0.0.1:25x", "an inet service is"),
            "master.cf: line 7: garbage after numerical service in \"127.0.0.1:25x\"");
  network.interfaces = "";
  EXPECT_EQ(error_of("25", "without a host"), "master.cf: line 7: no valid IP address found: 25");
}

TEST_F(EndpointTest, AnAddressOfADisabledProtocolIsOfNoUse) {
  network.protocols.ipv4 = false;
  EXPECT_EQ(error_of("mx.example:25", "a host is an address"),
            "master.cf: line 7: bad hostname or network address: mx.example:25");
}

TEST(HostPort, TakesApart) {
  EXPECT_EQ(*parse_host_port("host:25"), (HostPort{"host", "25"}));
  EXPECT_EQ(*parse_host_port("[::1]:smtp"), (HostPort{"::1", "smtp"}));
  EXPECT_EQ(*parse_host_port("::1:25"), (HostPort{"::1", "25"}));
  EXPECT_EQ(*parse_host_port("25"), (HostPort{"", "25"}));
  for (const char* bad : {"[::1", "[::1]x:25", "[]:25", "-a:25", "a-:25", "a..b:25", "1.2.3:25",
                          "a/b:25", "host:", ":", "[ipv6:127.0.0.1]:25"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

TEST(Network, KnowsPorts) {
  const Network network =
      network_from({}, "all", "lmtp=24, smtp=25, smtps=submissions=465, submission=587");
  EXPECT_EQ(network.ports.at("submissions"), "465");
  EXPECT_EQ(network.ports.at("smtps"), "465");
  EXPECT_EQ(network.ports.size(), 5U);
}

}  // namespace
}  // namespace handoff::master
