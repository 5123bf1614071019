// record.h - what programs send to postlogd(8): "Nov 21 21:07:05 host tag[pid]: text".
#pragma once

#include <optional>
#include <string_view>

#include "util/msg.h"

namespace handoff::postlogd {

struct Record {
  std::string_view stamp;   // "Nov 21 21:07:05", local time
  std::string_view host;    // "mail"
  std::string_view sender;  // "postfix/smtp[123]"
  std::string_view text;    // "warning: ..."
};

// Nothing when it does not look like one.
std::optional<Record> parse_record(std::string_view record);

// Warning for "warning: ...", and so on.
util::msg::Level level_of(std::string_view text);
int syslog_level(std::string_view text);

}  // namespace handoff::postlogd
