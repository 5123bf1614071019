// param_values.h - the text of a parameter becomes a number, a switch, a time.
//
// The errors are those that administrators know from the log; what is allowed instead is put into
// words by allowed_values(), for the warning that goes before.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "global/params.h"
#include "util/result.h"

namespace handoff::global {

util::Result<int> parse_int(std::string_view name, std::string_view text, Bounds bounds);
util::Result<std::int64_t> parse_long(std::string_view name, std::string_view text, Bounds bounds);
util::Result<bool> parse_bool(std::string_view name, std::string_view text);
// `unit` is that of a number without one: s, m, h, d or w. What follows the unit does not count.
util::Result<std::chrono::seconds> parse_time(std::string_view name, std::string_view text,
                                              char unit, Bounds bounds);
// Bounds are those of the length.
util::Status check_str(std::string_view name, std::string_view text, Bounds bounds);
util::Status check_raw(std::string_view name, std::string_view text, Bounds bounds);

// "a whole number from 1", "yes or no".
std::string allowed_values(ParamSpec::Kind kind, Bounds bounds);

}  // namespace handoff::global
