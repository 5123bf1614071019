// log_text.h - text that is fit to be shown, from bytes that may come from anywhere.
#pragma once

#include <cstddef>
#include <string>

namespace handoff::util {

inline constexpr std::size_t kLongestLogText = 2000;

// Cut at that length, with "?" for what is not printable (spec/master.md 7.1).
std::string log_text(std::string text);

// Whether bytes that look like UTF-8 are printable; not unless somebody says so.
void show_utf8_in_log(bool show);

}  // namespace handoff::util
