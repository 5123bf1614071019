#include "postlogd/record.h"

#include <syslog.h>

#include <array>
#include <utility>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::postlogd {

std::optional<Record> parse_record(std::string_view record) {
  constexpr int kFieldsBeforeSender = 4;  // month, day, time, host
  for (int i = 0; i < kFieldsBeforeSender; ++i) {
    if (util::next_word(record, " ").empty()) return std::nullopt;
  }
  const std::string_view sender = util::next_word(record, " ");
  if (!sender.ends_with("]:")) return std::nullopt;
  return Record{sender.substr(0, sender.size() - 1), util::trim_left(record)};
}

int syslog_level(std::string_view text) {
  using util::msg::Level;
  constexpr std::array kLevels = {
      std::pair{Level::Warning, LOG_WARNING}, std::pair{Level::Error, LOG_ERR},
      std::pair{Level::Fatal, LOG_CRIT}, std::pair{Level::Panic, LOG_CRIT}};
  for (const auto& [level, priority] : kLevels) {
    if (text.starts_with(util::msg::label(level))) return priority;
  }
  return LOG_INFO;
}

}  // namespace handoff::postlogd
