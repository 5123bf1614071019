#include "global/mail_header.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

TEST(MailHeader, KnowsWhatBeginsOne) {
  EXPECT_EQ(header_name_length("Subject: x"), 7U);
  EXPECT_EQ(header_name_length("Subject:"), 7U);
  EXPECT_EQ(header_name_length("Subject \t: x"), 7U);
  EXPECT_EQ(header_name_length("X-1_2!: x"), 6U);
  for (const char* line : {"", ":", ": x", "no header", "a b: x", " Subject: x", "caf\xc3\xa9: x",
                           "a\x01b: x", "From joe Mon Jan 1 00:00:00 2001"})
    EXPECT_EQ(header_name_length(line), 0U) << line;
}

TEST(MailHeader, SplitsAtTheFirstColon) {
  const auto field = HeaderField::split("To : a:b;\n\tc");
  EXPECT_EQ(field.name, "To");
  EXPECT_EQ(field.value, " a:b;\n\tc");
}

TEST(MailHeader, KnowsWhichHoldAddresses) {
  EXPECT_EQ(header_role("FROM"), HeaderRole::Originator);
  EXPECT_EQ(header_role("Resent-Bcc"), HeaderRole::Destination);
  EXPECT_EQ(header_role("X-To"), HeaderRole::Other);
  EXPECT_TRUE(is_resent_header("resent-message-id"));
  EXPECT_FALSE(is_resent_header("Subject"));
}

}  // namespace
}  // namespace handoff::global
