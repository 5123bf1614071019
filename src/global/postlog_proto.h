// postlog_proto.h - what may stand before a record on the socket of postlogd(8), where there is a
// maillog_json_file: "json: session 2f1a: Nov 21 21:07:05 ...". The log file shows nothing of it.
#pragma once

#include <string>
#include <string_view>

namespace handoff::global::postlog_proto {

// Syslog has the line already: it goes to maillog_json_file alone.
inline constexpr std::string_view kJsonOnly = "json: ";

// The line is about that conversation with a server.
inline constexpr std::string_view kSession = "session ";
inline constexpr std::string_view kEnd = ": ";

inline std::string session_prefix(std::string_view id) {
  return std::string(kSession).append(id).append(kEnd);
}

// Takes it off the front of `record`; empty where there is none.
inline std::string_view take_session(std::string_view& record) {
  if (!record.starts_with(kSession)) return {};
  const std::string_view rest = record.substr(kSession.size());
  const std::string_view id = rest.substr(0, rest.find(kEnd));
  if (id.size() == rest.size()) return {};
  record = rest.substr(id.size() + kEnd.size());
  return id;
}

}  // namespace handoff::global::postlog_proto
