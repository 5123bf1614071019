// rewriter.h - addresses made complete: a domain for those without, site!user and user%site turned
// into user@site.
#pragma once

#include <string>
#include <string_view>

#include "trivial-rewrite/address.h"

namespace handoff::rewrite {

struct RewriteRules {
  // What is appended to "user" and to "user@host"; nothing when empty.
  std::string origin;
  std::string parent_domain;
  bool swap_bangpath = true;
  bool allow_percent_hack = true;
};

// Takes "@a,@b:" off; false when there is no route, or nothing behind it.
bool strip_route(Tokens& tokens);

void rewrite(Tokens& tokens, const RewriteRules& rules);

// Both in external form. The null address stays as it is.
std::string rewrite_external(std::string_view address, const RewriteRules& rules);

// "example.com." is "example.com"; a lone dot, or two of them, are not.
void strip_trailing_dot(Tokens& tokens);

}  // namespace handoff::rewrite
