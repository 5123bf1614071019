// log_address.h - addresses as the log has them: `from=<"a b"@example.com>`.
#pragma once

#include <string>
#include <string_view>

#include "global/params.h"

namespace handoff::global {

enum class AddressForm { External, Internal };  // see address_quote.h

// As info_log_address_format says.
AddressForm log_address_form(const Params& params);

// The null address is empty in both.
std::string address_in_log(std::string_view internal, AddressForm form);

}  // namespace handoff::global
