// valid_hostname.h - may this be the name of a host?
//
// Letters, digits, "_" and hyphens inside of labels (RFC 1123, 2.1, and what people use); labels of
// up to 63, names of up to 255 bytes; not digits and dots only, which is an address.
#pragma once

#include <string_view>

#include "util/result.h"

namespace handoff::util {

// The error is fit for a warning: "valid_hostname: misplaced hyphen: -a".
Status valid_hostname(std::string_view name);

}  // namespace handoff::util
