// postlog_copies.h - lines that syslog has already, once more for postlogd(8).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "util/msg.h"

namespace handoff::util::msg {

// As postlog_sink() without a fallback. `mark`, which is static, stands before each record.
std::unique_ptr<Sink> postlog_copies(std::string socket_path, std::string hostname,
                                     std::string_view mark, Patience patience);

}  // namespace handoff::util::msg
