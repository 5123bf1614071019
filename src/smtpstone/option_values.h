// option_values.h - what the two programs' command lines have in common.
#pragma once

#include <getopt.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::smtpstone {

// Calls `set` for each option, with its letter (or the value in `long_options`) and its argument;
// an error stops and comes back with the option's name in front. The result: what is no option.
// `short_options` begins with "+:".
util::Result<std::vector<std::string>> read_options(
    const std::vector<std::string>& arguments, const char* short_options,
    const option* long_options, const std::function<util::Status(int, const char*)>& set);

util::Result<int> to_number(std::string_view text, int least, int most);
// "2", "0.5", "20ms", "3s", "1m": seconds where no unit is given, up to a day.
util::Result<std::chrono::milliseconds> to_time(std::string_view text);
// An SMTP reply line with a code of this class: '4' or '5'.
util::Result<std::string> to_reply(std::string_view text, char code_class);
// With the escape sequences of C that smtp-sink(1) lists resolved.
util::Result<std::string> unescape(std::string_view text);

}  // namespace handoff::smtpstone
