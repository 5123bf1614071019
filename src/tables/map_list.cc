#include "tables/map_list.h"

#include <utility>

#include "util/braces.h"
#include "util/msg.h"

namespace handoff::tables {
namespace {

constexpr std::string_view kSeparators = ", \t\r\n";

}  // namespace

MapList::MapList(std::string title, std::string_view names, const TableOptions& options)
    : title_(std::move(title)) {
  while (true) {
    const std::string_view name = util::next_brace_word(names, kSeparators);
    if (name.empty()) return;
    tables_.push_back(open_table(name, options));
  }
}

Answer MapList::find(std::string_view key, Key kind) const {
  if (key.empty()) return std::optional<std::string>();
  for (const SharedTable& table : tables_) {
    if (kind == Key::Part && table->keys() == Table::Keys::Pattern) continue;
    Answer answer = table->lookup(key);
    if (!answer) {
      msg::warn("{} lookup error for \"{}\"", table->name(), key);
      return answer;
    }
    if (!*answer) continue;
    if (!(*answer)->empty()) return answer;
    msg::warn("{} lookup of {} returns an empty string result", title_, key);
    msg::warn("{} should return NO RESULT in case of NOT FOUND", title_);
    return misconfigured("empty string result");
  }
  return std::optional<std::string>();
}

}  // namespace handoff::tables
