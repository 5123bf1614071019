// layout.h - how a name and its value are printed.
#pragma once

#include <string>
#include <string_view>

#include "postconf/options.h"

namespace handoff::postconf {

// "name = value", or as -f, -h, -H or -j want it; with line end. Runs of blanks become one blank,
// except in JSON.
std::string format_setting(const Options& options, std::string_view name, std::string_view value);

// {"name": "value"}; bytes that are no UTF-8 become U+FFFD.
std::string format_json(std::string_view name, std::string_view value);

// To standard output; both end the program when nobody takes it.
void print(std::string_view text);
void flush();

}  // namespace handoff::postconf
