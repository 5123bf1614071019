#include "trivial-rewrite/address.h"

#include <gtest/gtest.h>

#include "trivial-rewrite/domain_name.h"
#include "trivial-rewrite/rewriter.h"

namespace handoff::rewrite {
namespace {

std::string internal_of(std::string_view external) {
  return to_internal(scan_external(external));
}

TEST(Address, IsTheSameInBothForms) {
  EXPECT_EQ(internal_of("\"a b\"@example.com"), "a b@example.com");
  EXPECT_EQ(to_external("a b@example.com"), "\"a b\"@example.com");
  EXPECT_EQ(to_external("a\"b\\c@x"), "\"a\\\"b\\\\c\"@x");
}

TEST(Address, KeepsWordsApart) {
  EXPECT_EQ(internal_of("a \"b\" c"), "a b c");
  EXPECT_EQ(internal_of("user(comment)@x"), "user (comment)@x");
  EXPECT_EQ(internal_of("a , b"), "a, b");
  EXPECT_EQ(internal_of(" a . b @ c . d "), "a.b@c.d");
}

TEST(Address, EndsWhatIsNotClosed) {
  EXPECT_EQ(internal_of("u@[1.2.3.4"), "u@[1.2.3.4]");
  EXPECT_EQ(internal_of("\"user"), "user");
  EXPECT_EQ(internal_of("a(b"), "a (b");
  EXPECT_EQ(internal_of("a\\"), "a");
  EXPECT_EQ(internal_of("(a\\"), "(a\\");
}

TEST(Address, QuotesWhatIsNoDotString) {
  for (const char* local : {"", ".a", "a.", "a..b", "a b", "a@b", "a,b", "\x7f"})
    EXPECT_EQ(to_external(std::string(local) + "@x"), "\"" + std::string(local) + "\"@x");
  EXPECT_EQ(to_external("a+b=c/d'e@x"), "a+b=c/d'e@x");
}

TEST(Address, LeavesTheLocalPartOfAnInternalAddressAlone) {
  const Tokens tokens = scan_internal("a b,\"c@d@e.f");
  ASSERT_EQ(tokens.size(), 5U);
  EXPECT_EQ(tokens[0].text, "a b,\"c@d");
  EXPECT_EQ(to_internal(tokens), "a b,\"c@d@e.f");
}

const RewriteRules kLocal{"my.example", "parent.example"};

TEST(Rewrite, CompletesAddresses) {
  EXPECT_EQ(rewrite_external("user", kLocal), "user@my.example");
  EXPECT_EQ(rewrite_external("user@host", kLocal), "user@host.parent.example");
  EXPECT_EQ(rewrite_external("user@host.", kLocal), "user@host");
  EXPECT_EQ(rewrite_external("user@host.example", kLocal), "user@host.example");
  EXPECT_EQ(rewrite_external("user@[10.0.0.1]", kLocal), "user@[10.0.0.1]");
}

TEST(Rewrite, ObeysOldOperators) {
  EXPECT_EQ(rewrite_external("a!b!user", kLocal), "b!user@a.parent.example");
  EXPECT_EQ(rewrite_external("user%a%b.c", kLocal), "user%a@b.c");
  EXPECT_EQ(rewrite_external("@a,@b:user@c.d", kLocal), "user@c.d");
  EXPECT_EQ(rewrite_external("a!user@b.c", kLocal), "a!user@b.c");
}

TEST(Rewrite, LeavesOperatorsAloneWhenTold) {
  RewriteRules rules = kLocal;
  rules.swap_bangpath = rules.allow_percent_hack = false;
  EXPECT_EQ(rewrite_external("a!b%c", rules), "a!b%c@my.example");
}

TEST(Rewrite, KeepsTheNullAddress) {
  EXPECT_EQ(rewrite_external("", kLocal), "");
  EXPECT_EQ(rewrite_external("@", kLocal), "\"\"");
}

TEST(DomainName, IsWhatTheStandardSays) {
  for (const char* good : {"a", "a.b", "a_b.c", "123.example", "a.123", "xn--a.b"})
    EXPECT_TRUE(is_domain_name(good, false)) << good;
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a.b-.c", "a b", "1.2.3.4", "1",
                          "a/b", "\xc3\xa4.example"})
    EXPECT_FALSE(is_domain_name(bad, false)) << bad;
  EXPECT_TRUE(is_domain_name("\xc3\xa4.example", true));
  EXPECT_TRUE(is_domain_name(std::string(63, 'a') + ".b", false));
  EXPECT_FALSE(is_domain_name(std::string(64, 'a') + ".b", false));
}

TEST(DomainName, KnowsAddressLiterals) {
  EXPECT_TRUE(is_address_literal("192.0.2.1"));
  EXPECT_TRUE(is_address_literal("ipv6:2001:db8::1"));
  for (const char* bad : {"", "2001:db8::1", "300.1.1.1", "1.2.3", "IPv6:1.2.3.4", "host"})
    EXPECT_FALSE(is_address_literal(bad)) << bad;
}

}  // namespace
}  // namespace handoff::rewrite
