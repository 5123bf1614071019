#include "postlogd/record.h"

#include "util/text.h"

namespace handoff::postlogd {

using util::msg::Level;

std::optional<Record> parse_record(std::string_view record) {
  const std::string_view whole = record;
  constexpr int kFieldsOfStamp = 3;  // month, day, time
  for (int i = 0; i < kFieldsOfStamp; ++i) {
    if (util::next_word(record, " ").empty()) return std::nullopt;
  }
  const std::string_view stamp = whole.substr(0, whole.size() - record.size());
  const std::string_view host = util::next_word(record, " ");
  const std::string_view sender = util::next_word(record, " ");
  if (!sender.ends_with("]:")) return std::nullopt;
  return Record{util::trim(stamp), host, sender.substr(0, sender.size() - 1),
                util::trim_left(record)};
}

Level level_of(std::string_view text) {
  for (const Level level : {Level::Warning, Level::Error, Level::Fatal, Level::Panic}) {
    if (text.starts_with(util::msg::label(level))) return level;
  }
  return Level::Info;
}

int syslog_level(std::string_view text) {
  return util::msg::syslog_priority(level_of(text));
}

}  // namespace handoff::postlogd
