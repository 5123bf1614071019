// address_quote.h - the two forms of an address.
//
// Internal: as queue files and our programs hold it, "a b@example.com". External: as it stands in
// message headers and SMTP commands, "\"a b\"@example.com" (RFC 5321 4.1.2, RFC 5322 3.4.1). The
// local part is what stands before the last "@". Bytes above 127 need no quotes (RFC 6531).
#pragma once

#include <string>
#include <string_view>

namespace handoff::global {

std::string quote_address(std::string_view internal);
std::string unquote_address(std::string_view external);

// Whether this can stand as a local part, or as a word of a name, without quotes.
bool is_dot_atom(std::string_view local_part);
// "text" in quotes, with backslashes before quotes and backslashes.
std::string quoted_string(std::string_view text);

}  // namespace handoff::global
