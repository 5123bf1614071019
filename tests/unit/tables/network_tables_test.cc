#include <gtest/gtest.h>

#include "tables/socketmap_protocol.h"
#include "tables/table.h"
#include "tables/tcp_protocol.h"

namespace handoff::tables {
namespace {

using Kind = SocketmapReply::Kind;

TEST(Netstring, HasItsLengthInFront) {
  EXPECT_EQ(encode_netstring("mymap a"), "7:mymap a,");
  const auto found = find_netstring("3:abc,4:", 100);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->text, "abc");
  EXPECT_EQ((*found)->length, 6U);
}

TEST(Netstring, MayNotBeThereYet) {
  for (const char* bytes : {"", "3", "3:", "3:ab", "3:abc"}) {
    const auto found = find_netstring(bytes, 100);
    EXPECT_TRUE(found && !*found) << bytes;
  }
}

TEST(Netstring, MayBeNone) {
  for (const char* bytes : {"a", "3x", "3:abcd", "-1:", " 1:a,"})
    EXPECT_FALSE(find_netstring(bytes, 100)) << bytes;
  EXPECT_FALSE(find_netstring("101:", 100));
  EXPECT_FALSE(find_netstring("99999999999999999999", 100));
}

TEST(SocketmapReply, BeginsWithAWord) {
  EXPECT_EQ(SocketmapReply::parse("OK a b").text, "a b");
  EXPECT_EQ(SocketmapReply::parse("OK ").kind, Kind::Found);
  EXPECT_EQ(SocketmapReply::parse("OK").kind, Kind::NotFound);
  EXPECT_EQ(SocketmapReply::parse("NOTFOUND ").kind, Kind::NotFound);
  EXPECT_EQ(SocketmapReply::parse("TEMP x").kind, Kind::Temporary);
  EXPECT_EQ(SocketmapReply::parse("TIMEOUT x").kind, Kind::Timeout);
  EXPECT_EQ(SocketmapReply::parse("PERM x").kind, Kind::Permanent);
  EXPECT_EQ(SocketmapReply::parse("").kind, Kind::Unknown);
  EXPECT_EQ(SocketmapReply::parse("OK  a").text, " a");
  EXPECT_EQ(SocketmapReply::parse("TEMP  a ").text, "a ");
}

TEST(TcpReply, HasThreeDigits) {
  EXPECT_EQ(TcpReply::parse("200 a%20b\n")->text, "a b");
  EXPECT_EQ(TcpReply::parse("500 no\n")->kind, TcpReply::Kind::NotFound);
  EXPECT_EQ(TcpReply::parse("400 later\n")->kind, TcpReply::Kind::Unavailable);
  for (const char* line : {"", "\n", "20 x", "2000 x", "abc", "200", "300 x", "200 %2", "200 %zz"})
    EXPECT_FALSE(TcpReply::parse(line)) << line;
}

TEST(TcpTable, QuotesWhatIsNotPrintable) {
  EXPECT_EQ(quote_tcp("a b%\xff"), "a%20b%25%FF");
}

TEST(NetworkTables, AreNotForSecrets) {
  TableOptions options;
  options.no_unauthenticated = true;
  EXPECT_EQ(try_open_table("tcp:localhost:1", options).error().what,
            "tcp:localhost:1 map is not allowed for security sensitive data");
  EXPECT_EQ(try_open_table("socketmap:inet:localhost:1:x", options).error().what,
            "socketmap:inet:localhost:1:x map is not allowed for security sensitive data");
}

TEST(NetworkTables, NeedToKnowWhere) {
  EXPECT_EQ(try_open_table("socketmap:foo").error().what,
            "socketmap requires server:socketmap argument");
  EXPECT_EQ(try_open_table("socketmap:inet:foo").error().what,
            "need service transport:endpoint instead of \"inet\"");
  EXPECT_EQ(try_open_table("socketmap:foo:bar:baz").error().what,
            "invalid transport name: foo in service: foo:bar");
}

TEST(NetworkTables, NeedAPort) {
  const auto problem = [](const std::string& name) {
    const auto table = try_open_table(name);
    return table ? std::string() : table.error().what;
  };
  for (const std::string type : {"tcp:", "socketmap:inet:"}) {
    const std::string map = type == "tcp:" ? "" : ":map";
    EXPECT_EQ(problem(type + "[::1]:25x" + map), "[::1]:25x: garbage after numerical service");
    EXPECT_EQ(problem(type + "[::1]" + map), "[::1]: missing service information");
    EXPECT_EQ(problem(type + "host:" + map), "host:: missing service information");
    EXPECT_EQ(problem(type + "[::1:25" + map), "[::1:25: missing \"]\"");
    EXPECT_EQ(problem(type + "[]:25" + map), "[]:25: valid hostname or network address required");
    EXPECT_EQ(problem(type + "a:b:25" + map), "a:b:25: valid hostname or network address required");
    for (const char* good : {"25", "smtp", ":25", "host:smtp", "host:25", "[::1]:25", "::1:25"})
      EXPECT_EQ(problem(type + good + map), "") << good;
  }
}

}  // namespace
}  // namespace handoff::tables
