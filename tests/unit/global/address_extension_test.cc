#include "global/address_extension.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

ExtensionRules rules(std::string delimiters, bool owner_request_special = true) {
  ExtensionRules rules;
  rules.delimiters = std::move(delimiters);
  rules.owner_request_special = owner_request_special;
  rules.double_bounce_sender = "double-bounce";
  return rules;
}

TEST(AddressExtension, BeginsAtTheFirstOfTheDelimiters) {
  EXPECT_EQ(without_extension("user+news-x", rules("+-")), "user");
  EXPECT_EQ(without_extension("user-news+x", rules("+")), "user-news");
  EXPECT_EQ(without_extension("user+", rules("+")), "user");
}

TEST(AddressExtension, IsNothingWithoutADelimiterOrAUser) {
  EXPECT_EQ(without_extension("user", rules("+")), "");
  EXPECT_EQ(without_extension("+news", rules("+")), "");
  EXPECT_EQ(without_extension("user+news", rules("")), "");
  EXPECT_EQ(without_extension("", rules("+")), "");
}

TEST(AddressExtension, IsNotTakenOffAddressesOfTheMailSystemAndOfLists) {
  EXPECT_EQ(without_extension("Mailer-Daemon", rules("-", false)), "");
  EXPECT_EQ(without_extension("double-bounce", rules("-", false)), "");
  EXPECT_EQ(without_extension("owner-list", rules("-")), "");
  EXPECT_EQ(without_extension("list-Request", rules("-")), "");
  EXPECT_EQ(without_extension("owner-list", rules("-", false)), "owner");
  EXPECT_EQ(without_extension("owner-list+x", rules("+")), "owner-list");
}

}  // namespace
}  // namespace handoff::global
