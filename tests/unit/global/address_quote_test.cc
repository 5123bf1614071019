#include "global/address_quote.h"

#include <gtest/gtest.h>

#include "global/mail_date.h"

namespace handoff::global {
namespace {

TEST(AddressQuote, QuotesOnlyWhatNeedsIt) {
  for (const char* plain : {"", "a@b", "a.b+c@d", "caf\xc3\xa9@x", "joe", "user@[192.0.2.1]"})
    EXPECT_EQ(quote_address(plain), plain);
  for (const auto& [internal, external] :
       std::initializer_list<std::pair<const char*, const char*>>{{"a b@c", "\"a b\"@c"},
                                                                  {".a@b", "\".a\"@b"},
                                                                  {"a.@b", "\"a.\"@b"},
                                                                  {"a..b@c", "\"a..b\"@c"},
                                                                  {"@z", "\"\"@z"},
                                                                  {"a@b@c", "\"a@b\"@c"},
                                                                  {"a\"\\b@c", "\"a\\\"\\\\b\"@c"},
                                                                  {"a b", "\"a b\""}}) {
    EXPECT_EQ(quote_address(internal), external);
    EXPECT_EQ(unquote_address(external), internal);
  }
}

TEST(MailDate, IsThatOfRfc5322) {
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_EQ(mail_date(1700000000), "Tue, 14 Nov 2023 22:13:20 +0000 (UTC)");
  setenv("TZ", "XXX3:30", 1);
  tzset();
  EXPECT_EQ(mail_date(1700000000), "Tue, 14 Nov 2023 18:43:20 -0330 (XXX)");
  unsetenv("TZ");
  tzset();
}

}  // namespace
}  // namespace handoff::global
