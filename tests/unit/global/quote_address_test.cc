#include "global/quote_address.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

TEST(QuoteAddressTest, LeavesOrdinaryAddressesAlone) {
  for (auto address : {"", "user", "user@example.com", "first.last+tag@example.com", "a/b=c@x",
                       "r\xc3\xa9@example.com", "!#$%&'*-/=?^_`{|}~@x"})
    EXPECT_EQ(quote_address(address), address);
}

TEST(QuoteAddressTest, QuotesLocalPartsThatNeedIt) {
  EXPECT_EQ(quote_address("quoted local@example.net"), "\"quoted local\"@example.net");
  EXPECT_EQ(quote_address(".user@x"), "\".user\"@x");
  EXPECT_EQ(quote_address("user.@x"), "\"user.\"@x");
  EXPECT_EQ(quote_address("a..b@x"), "\"a..b\"@x");
  EXPECT_EQ(quote_address("a@b@x"), "\"a@b\"@x");
  EXPECT_EQ(quote_address("say \"hi\" \\@x"), "\"say \\\"hi\\\" \\\\\"@x");
  EXPECT_EQ(quote_address("@x"), "\"\"@x");
  EXPECT_EQ(quote_address("two words"), "\"two words\"");
}

}  // namespace
}  // namespace handoff::global
