#include "tables/match_list.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tables/folding.h"
#include "tables/settings.h"
#include "tables/unicode.h"
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
  MissingFile(const std::string& path, std::string reason)
      : Table("non-existent:" + path), reason_(std::move(reason)) {}
  Answer lookup(std::string_view) override {
    msg::warn("{} is unavailable. {}", name(), reason_);
    return unavailable(reason_);
  }

 private:
  std::string reason_;
};

// An address, or what cannot be anything but a network, even if it is malformed.
bool is_network(std::string_view item) {
  return item.starts_with('[') || item.find('/') != std::string_view::npos ||
         NetworkAddress::parse(item);
}

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
    if (Status added = add_item(item, item_matches, depth); !added) return added;
  }
}

Status MatchList::add_item(std::string_view text, bool match, int depth) {
  if (text.starts_with('/')) return add_file(std::string(text), match, depth + 1);
  Item item{match, {}, nullptr, std::nullopt};
  if (is_table(text)) {
    prepare_case_folding();  // of the names that it will be asked for
    item.table = open_table(text, table_options());
  } else {
    item.text = fold(text, settings().utf8);
    if (holds_addresses() && is_network(text)) item.network = Network{AddressPattern::parse(text)};
  }
  items_.push_back(std::move(item));
  return {};
}

bool MatchList::holds_addresses() const {
  return options_.kind == MatchOptions::Kind::Address || options_.kind == MatchOptions::Kind::Host;
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
    items_.push_back({match, {}, std::make_shared<MissingFile>(path, problem)});
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
  const bool is_address = options_.kind == MatchOptions::Kind::Address;
  return is_address ? match({{}, std::string(name)}) : match(name, {});
}

Result<bool> MatchList::match(std::string_view name, std::string_view address) const {
  return match(Subject{fold(name, settings().utf8), std::string(address)});
}

Result<bool> MatchList::match(const Subject& subject) const {
  for (const Item& item : items_) {
    const Result<bool> found = matches(item, subject);
    if (!found) return found.error();
    if (*found) return item.match;
  }
  return false;
}

Result<bool> MatchList::matches(const Item& item, const Subject& subject) const {
  if (options_.kind != MatchOptions::Kind::Address) {
    Result<bool> found = matches_name(item, subject.name);
    if (!found || *found) return found;
  }
  return holds_addresses() ? matches_address(item, subject.address) : Result<bool>(false);
}

Result<bool> MatchList::matches_name(const Item& item, const std::string& name) const {
  return item.table ? matches_table(*item.table, name) : matches_text(item.text, name);
}

Result<bool> MatchList::matches_address(const Item& item, const std::string& address) const {
  if (item.table) return ask(*item.table, address);
  if (!item.network) return item.text == address;
  if (!item.network->pattern) {
    msg::warn("{}: {}", options_.parameter, item.network->pattern.error().what);
    return item.network->pattern.error();
  }
  const auto parsed = NetworkAddress::parse(address);
  return parsed && item.network->pattern->contains(*parsed);
}

// Is the key there?
Result<bool> MatchList::ask(Table& table, std::string_view key) const {
  const Answer value = table.lookup(key);
  if (value) return value->has_value();
  msg::warn("{}: {}: table lookup problem", options_.parameter, table.name());
  return value.error();
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
    Result<bool> found = ask(table, key);
    if (!found || *found) return found;
    if (options_.kind == MatchOptions::Kind::String || table.keys() == Table::Keys::Pattern)
      return false;
    const std::size_t dot = key.find('.', key.starts_with('.') ? 1 : 0);
    if (dot == std::string_view::npos) return false;
    key = key.substr(options_.parent_matches ? dot + 1 : dot);
    if (key.empty() || key == ".") return false;
  }
}

}  // namespace handoff::tables
