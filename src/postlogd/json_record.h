// json_record.h - a log line for programs: one JSON object. What is in it says the manual page at
// the head of postlogd.cc.
//
// Lines are texts made for people; what is known of their form is taken apart, the rest stays in
// "message". Nothing that a line contains makes it fail.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace handoff::postlogd {

using Milliseconds = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// "2026-11-21T21:07:05.123Z" (RFC 3339).
std::string rfc3339(Milliseconds time);

// Without a newline. `now`: when the record came. `session`: what its sender told beside it.
std::string json_record(std::string_view record, Milliseconds now, std::string_view session = {});
// In place of `count` records that could not be written.
std::string json_loss(std::uint64_t count, Milliseconds now);

}  // namespace handoff::postlogd
