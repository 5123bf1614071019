// postlog_proto.h - what stands before a record on the socket of postlogd(8) that is not for
// maillog_file.
//
// Syslog has such a line already: it goes to maillog_json_file alone.
#pragma once

#include <string_view>

namespace handoff::global::postlog_proto {

inline constexpr std::string_view kJsonOnly = "json: ";

}  // namespace handoff::global::postlog_proto
