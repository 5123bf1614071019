// domain_name.h - may this stand behind the "@"?
#pragma once

#include <string_view>

namespace handoff::rewrite {

// RFC 1123, 2.1, and "_". Not a name of digits and dots only: that is an address without its
// brackets. With `utf8`, labels may have characters beyond ASCII (RFC 5890).
bool is_domain_name(std::string_view name, bool utf8);

// What stands between the brackets: "192.0.2.1" or "IPv6:2001:db8::1" (RFC 5321, 4.1.3).
bool is_address_literal(std::string_view text);

bool is_numeric(std::string_view name);  // digits and dots only

}  // namespace handoff::rewrite
