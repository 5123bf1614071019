#include "global/match_lists.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

TEST(MatchLists, ParentsMatchWhereAParameterSaysSo) {
  const auto config = Config::from_text("parent_domain_matches_subdomains = fast_flush_domains",
                                        {"/test", "smtp", {}, {}});
  const Params params = load_params(*config, "smtp");
  EXPECT_TRUE(*domain_list(params, "fast_flush_domains", "example.com").match("a.example.com"));
  EXPECT_FALSE(*domain_list(params, "relay_domains", "example.com").match("a.example.com"));
  EXPECT_TRUE(*domain_list(params, "relay_domains", ".example.com").match("a.example.com"));
  EXPECT_FALSE(*string_list(params, "other", ".example.com").match("a.example.com"));
}

}  // namespace
}  // namespace handoff::global
