#include "tables/match_list.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "util/braces.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr std::string_view kSeparators = ", \t\r\n";
// A file that names itself would go on for ever.
constexpr int kDeepestFile = 20;

// A file that cannot be read: not the same as one in which the name does not stand.
class MissingFile : public Table {
 public:
  explicit MissingFile(const std::string& path) : Table("non-existent:" + path) {}
  Answer lookup(std::string_view) override { return unavailable("the file could not be read"); }
};

bool is_table(std::string_view item) {
  return item.find(':') != std::string_view::npos && !item.starts_with('[');
}

}  // namespace

Result<MatchList> MatchList::parse(std::string_view text, MatchOptions options) {
  MatchList list;
  list.options_ = std::move(options);
  if (Status added = list.add_items(text, true, 0); !added) return added.error();
  return list;
}

Status MatchList::add_items(std::string_view text, bool match, int depth) {
  while (true) {
    std::string_view item = util::next_brace_word(text, kSeparators);
    if (item.empty()) return {};
    if (item.starts_with('#')) {
      msg::warn("{}: comment at end of line is not supported: {}{}", options_.parameter, item,
                text);
      return {};
    }
    bool item_matches = match;
    for (; item.starts_with('!'); item.remove_prefix(1)) item_matches = !item_matches;
    if (item.empty()) return Error::syntax(options_.parameter + ": no pattern after '!'");
    if (item.starts_with('/')) {
      Status added = add_file(std::string(item), item_matches, depth + 1);
      if (!added) return added;
    } else if (is_table(item)) {
      items_.push_back({item_matches, {}, open_table(item, table_options())});
    } else {
      items_.push_back({item_matches, util::to_lower(item), nullptr});
    }
  }
}

TableOptions MatchList::table_options() const {
  TableOptions options;
  options.fold_literals = false;
  options.lock = true;
  options.utf8 = true;
  options.must_open = options_.must_open;
  return options;
}

Status MatchList::add_file(const std::string& path, bool match, int depth) {
  if (depth > kDeepestFile)
    return Error::syntax(options_.parameter + ": files within files, too deep at " + path);
  const Result<std::string> text = util::read_text_file(path);
  if (!text) {
    const std::string& what = text.error().what;
    const std::string problem = what.starts_with("open ") ? "open file " + what.substr(5) : what;
    if (options_.must_open) return Error::not_found(problem);
    msg::error("{}", problem);
    items_.push_back({match, {}, std::make_shared<MissingFile>(path)});
    return {};
  }
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with('#')) continue;
    if (Status added = add_items(line, match, depth); !added) return added;
  }
  return {};
}

Result<bool> MatchList::match(std::string_view name) const {
  const std::string folded = util::to_lower(name);
  for (const Item& item : items_) {
    const Result<bool> found = matches(item, folded);
    if (!found) {
      msg::warn("{}: {}: table lookup problem", options_.parameter, item.table->name());
      return found.error();
    }
    if (*found) return item.match;
  }
  return false;
}

Result<bool> MatchList::matches(const Item& item, const std::string& name) const {
  return item.table ? matches_table(*item.table, name) : matches_text(item.text, name);
}

bool MatchList::matches_text(const std::string& text, const std::string& name) const {
  if (text == name) return true;
  if (options_.kind == MatchOptions::Kind::String) return false;
  const std::string suffix = options_.parent_matches ? "." + text : text;
  return suffix.starts_with('.') && name.size() > suffix.size() && name.ends_with(suffix) &&
         (!options_.parent_matches || !text.starts_with('.'));
}

// A table of literal keys is asked for the parents, too: ".example.com", or "example.com".
Result<bool> MatchList::matches_table(Table& table, const std::string& name) const {
  std::string_view key = name;
  while (true) {
    const Answer value = table.lookup(key);
    if (!value) return value.error();
    if (value->has_value()) return true;
    if (options_.kind == MatchOptions::Kind::String || table.keys() == Table::Keys::Pattern)
      return false;
    const std::size_t dot = key.find('.', key.starts_with('.') ? 1 : 0);
    if (dot == std::string_view::npos) return false;
    key = key.substr(options_.parent_matches ? dot + 1 : dot);
    if (key.empty() || key == ".") return false;
  }
}

}  // namespace handoff::tables
