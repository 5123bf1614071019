#include "tables/match_list.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"

namespace handoff::tables {
namespace {

using test::LogCapture;
using Kind = MatchOptions::Kind;

MatchList list_of(std::string_view text, Kind kind = Kind::String, bool parents = false) {
  auto list = MatchList::parse(text, {"test_list", kind, parents, false});
  EXPECT_TRUE(list) << list.error().what;
  return *std::move(list);
}

bool has(const MatchList& list, std::string_view name) {
  const auto found = list.match(name);
  EXPECT_TRUE(found) << found.error().what;
  return found && *found;
}

TEST(MatchList, FirstItemThatMatchesDecides) {
  const MatchList list = list_of("!foo, BAR static:all");
  EXPECT_FALSE(has(list, "foo"));
  EXPECT_TRUE(has(list, "bar"));
  EXPECT_TRUE(has(list, "anything"));
  EXPECT_FALSE(has(list_of("!!a b, !a"), "c"));
  EXPECT_TRUE(has(list_of("!!a"), "A"));
  EXPECT_TRUE(list_of(" , ").empty());
}

TEST(MatchList, ATableThatCannotTellIsNotANo) {
  LogCapture::expect("test_list: fail:x: table lookup problem");
  const MatchList list = list_of("foo, fail:x, bar");
  EXPECT_TRUE(has(list, "foo"));
  EXPECT_FALSE(list.match("bar"));
}

TEST(MatchList, AnUnknownTypeOfTableFailsAtEachLookUp) {
  LogCapture::expect("error: unsupported dictionary type: nosuch");
  LogCapture::expect("nosuch:/x is unavailable. unsupported dictionary type: nosuch");
  LogCapture::expect("test_list: nosuch:/x: table lookup problem");
  EXPECT_FALSE(list_of("nosuch:/x").match("a"));
}

TEST(MatchList, ReadsFilesInPlace) {
  LogCapture::expect("test_list: comment at end of line is not supported: # trailing");
  const test::TemporaryDirectory directory;
  directory.write("file", "# comment\nfromfile other # trailing\n!neg\n");
  const MatchList list = list_of("!" + directory.path("file") + ", static:all");
  EXPECT_FALSE(has(list, "fromfile"));
  EXPECT_FALSE(has(list, "other"));
  EXPECT_TRUE(has(list, "neg"));
  EXPECT_TRUE(has(list, "trailing"));
}

TEST(MatchList, AFileThatCannotBeReadIsNotANo) {
  LogCapture::expect("error: open file /nonexistent/file: No such file or directory");
  LogCapture::expect("non-existent:/nonexistent/file is unavailable. open file ");
  LogCapture::expect("test_list: non-existent:/nonexistent/file: table lookup problem");
  const MatchList list = list_of("a, /nonexistent/file");
  EXPECT_TRUE(has(list, "a"));
  EXPECT_FALSE(list.match("b"));
  const auto strict = MatchList::parse("/nonexistent/file", {"p", Kind::String, false, true});
  EXPECT_EQ(strict.error().what, "open file /nonexistent/file: No such file or directory");
}

TEST(MatchList, AFileThatNamesItselfIsAnError) {
  const test::TemporaryDirectory directory;
  directory.write("file", "a " + directory.path("file"));
  EXPECT_FALSE(MatchList::parse(directory.path("file"), {"p", Kind::String, false, false}));
}

TEST(MatchList, NothingAfterTheExclamationMarkIsAnError) {
  EXPECT_EQ(MatchList::parse("a ! b", {"p", Kind::String, false, false}).error().what,
            "p: no pattern after '!'");
}

TEST(MatchList, DomainsWithALeadingDotHaveSubdomains) {
  const MatchList list = list_of("example.com .sub.example.org", Kind::Domain);
  EXPECT_TRUE(has(list, "Example.COM"));
  EXPECT_FALSE(has(list, "www.example.com"));
  EXPECT_TRUE(has(list, "a.sub.example.org"));
  EXPECT_TRUE(has(list, "b.a.sub.example.org"));
  EXPECT_FALSE(has(list, "sub.example.org"));
  EXPECT_FALSE(has(list, "notsub.example.org"));
}

TEST(MatchList, OrAllDomainsHaveIfTheParameterSaysSo) {
  const MatchList list = list_of("example.com .sub.example.org", Kind::Domain, true);
  EXPECT_TRUE(has(list, "example.com"));
  EXPECT_TRUE(has(list, "www.example.com"));
  EXPECT_FALSE(has(list, "wwwexample.com"));
  EXPECT_FALSE(has(list, "a.sub.example.org"));
}

TEST(MatchList, TablesAreAskedForTheParents) {
  const MatchList dotted = list_of("inline:{example.com=1 .example.org=1}", Kind::Domain);
  EXPECT_TRUE(has(dotted, "b.a.example.org"));
  EXPECT_FALSE(has(dotted, "example.org"));
  EXPECT_FALSE(has(dotted, "www.example.com"));
  const MatchList parents = list_of("inline:{example.com=1 .example.org=1}", Kind::Domain, true);
  EXPECT_TRUE(has(parents, "b.a.example.com"));
  EXPECT_FALSE(has(parents, "a.example.org"));
  EXPECT_FALSE(has(list_of("inline:{example.com=1}"), "a.example.com"));
}

TEST(MatchList, LiteralAddressesAreNoTables) {
  EXPECT_TRUE(has(list_of("[2001:db8::1] [192.0.2.1]:25"), "[2001:DB8::1]"));
}

TEST(MatchList, NetworksHoldAddresses) {
  const MatchList list =
      list_of("192.0.2.0/24, !10.0.0.1, 10.0.0.0/8, [2001:db8::]/32, 1.2.3.4", Kind::Address);
  EXPECT_TRUE(has(list, "192.0.2.7"));
  EXPECT_FALSE(has(list, "10.0.0.1"));
  EXPECT_TRUE(has(list, "10.0.0.2"));
  EXPECT_TRUE(has(list, "2001:db8::5"));
  EXPECT_TRUE(has(list, "1.2.3.4"));
  EXPECT_FALSE(has(list, "::ffff:192.0.2.7"));
}

TEST(MatchList, HostsHaveANameAndAnAddress) {
  const MatchList list =
      list_of("!no.example.com .example.com 192.0.2.0/24 cidr:{{10.0.0.0/8 x}}", Kind::Host);
  EXPECT_TRUE(*list.match("a.example.com", "203.0.113.1"));
  EXPECT_TRUE(*list.match("unknown", "192.0.2.1"));
  EXPECT_TRUE(*list.match("unknown", "10.1.1.1"));
  EXPECT_FALSE(*list.match("no.example.com", "192.0.2.1"));
  EXPECT_FALSE(*list.match("unknown", "203.0.113.1"));
}

TEST(MatchList, AMalformedNetworkIsNotANo) {
  LogCapture::expect("test_list: non-null host address bits in \"192.0.2.1/24\"");
  const MatchList list = list_of("10.0.0.1 192.0.2.1/24", Kind::Address);
  EXPECT_TRUE(has(list, "10.0.0.1"));
  EXPECT_FALSE(list.match("10.0.0.2"));
}

TEST(MatchList, FoldsBeyondAscii) {
  EXPECT_TRUE(has(list_of("BÜCHER.example"), "bücher.example"));
}

}  // namespace
}  // namespace handoff::tables
