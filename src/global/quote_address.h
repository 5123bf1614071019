// quote_address.h - from the internal form of an address to what may stand in SMTP and headers.
#pragma once

#include <string>
#include <string_view>

namespace handoff::global {

// "quoted local@example.com" becomes "\"quoted local\"@example.com" (RFC 5321, 4.1.2: a local part
// that is no Dot-string becomes a Quoted-string). The last "@" separates. Bytes outside ASCII stay.
std::string quote_address(std::string_view internal);

}  // namespace handoff::global
