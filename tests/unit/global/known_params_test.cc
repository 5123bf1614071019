#include "global/known_params.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace handoff::global {
namespace {

TEST(KnownParams, AreThoseOfBothTablesEachOnce) {
  const auto known = known_params();
  EXPECT_TRUE(std::ranges::is_sorted(known, std::less_equal<>(), &KnownParam::name));
  EXPECT_EQ(std::ranges::count(known, true, &KnownParam::read),
            static_cast<std::ptrdiff_t>(all_params().size()));
  for (const KnownParam& param : known) {
    const auto found = find_known_param(param.name);
    ASSERT_TRUE(found) << param.name;
    EXPECT_EQ(found->name, param.name);
    EXPECT_EQ(found->default_text, param.default_text);
  }
}

TEST(KnownParams, AreReadByUsOrOnlyByPostfix) {
  EXPECT_TRUE(find_known_param("max_idle")->read);
  const auto banner = find_known_param("smtpd_banner");
  EXPECT_FALSE(banner->read);
  EXPECT_STREQ(banner->default_text, "$myhostname ESMTP $mail_name");
  EXPECT_EQ(find_known_param("smtpd_reject_footer")->kind, ParamSpec::Kind::Raw);
  EXPECT_EQ(find_known_param("2bounce_notice_recipient")->kind, ParamSpec::Kind::Str);
  EXPECT_FALSE(find_known_param("nosuch"));
  EXPECT_FALSE(find_known_param(""));
}

}  // namespace
}  // namespace handoff::global
