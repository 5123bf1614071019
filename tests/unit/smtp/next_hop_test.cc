#include "smtp/next_hop.h"

#include <gtest/gtest.h>

namespace handoff::smtp {
namespace {

const PortNames kPorts{
    global::parse_known_ports("lmtp=24, smtp=25, smtps=submissions=465, submission=587"), "smtp"};

NextHop parsed(std::string_view element) {
  auto hop = parse_next_hop(element, kPorts);
  EXPECT_TRUE(hop) << hop.error().what;
  return hop ? *hop : NextHop{};
}

std::string complaint(std::string_view element) {
  auto hop = parse_next_hop(element, kPorts);
  EXPECT_FALSE(hop) << element;
  return hop ? "" : hop.error().what;
}

TEST(NextHopTest, IsADomainOrAHost) {
  EXPECT_EQ(parsed("example.org"), (NextHop{"example.org", "example.org", 25, true}));
  EXPECT_EQ(parsed("example.org:2525"), (NextHop{"example.org:2525", "example.org", 2525, true}));
  EXPECT_EQ(parsed("[mx.example.org]:submission"),
            (NextHop{"[mx.example.org]:submission", "mx.example.org", 587, false}));
  EXPECT_EQ(parsed("[mx.example.org]:submissions").port, 465);
  EXPECT_EQ(parsed("[192.0.2.1]"), (NextHop{"[192.0.2.1]", "192.0.2.1", 25, false}));
  EXPECT_EQ(parsed("[192.0.2.1]:").port, 25);
  EXPECT_EQ(parsed("[2001:db8::1]:26"), (NextHop{"[2001:db8::1]:26", "2001:db8::1", 26, false}));
  EXPECT_EQ(parsed("[IPv6:2001:db8::1]").host, "2001:db8::1");
}

TEST(NextHopTest, IsRefusedWhenMalformed) {
  EXPECT_EQ(complaint("[a"), "missing \"]\" in server description: [a");
  EXPECT_EQ(complaint("[a]b"), "garbage after \"]\" in server description: [a]b");
  EXPECT_EQ(complaint("[ipv6:1.2.3.4]"),
            "malformed IPv6 address in server description: [ipv6:1.2.3.4]");
  EXPECT_EQ(complaint("[]"), "missing host name in server description: []");
  EXPECT_EQ(complaint("a..b"), "malformed host name or address in server description: a..b");
  EXPECT_EQ(complaint("a:0"), "bad network port: 0");
  EXPECT_EQ(complaint("a:65536"), "bad network port: 65536");
  EXPECT_EQ(complaint("a:25x"), "bad network port: 25x");
  EXPECT_EQ(complaint("a:no-such-service"), "unknown service: no-such-service/tcp");
}

TEST(NextHopTest, ComesInLists) {
  EXPECT_EQ(split_next_hops(" a, [b]:25\tc "), (std::vector<std::string>{"a", "[b]:25", "c"}));
  EXPECT_EQ(split_next_hops(""), std::vector<std::string>{});
}

TEST(NextHopTest, HasABareName) {
  EXPECT_EQ(bare_name("[127.0.0.1]:25"), "127.0.0.1");
  EXPECT_EQ(bare_name("example.org:25"), "example.org");
  EXPECT_EQ(bare_name("example.org"), "example.org");
}

}  // namespace
}  // namespace handoff::smtp
