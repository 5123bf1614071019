// inline:{key=value, {key = value with blanks}}
#include <memory>
#include <string>

#include "tables/folding.h"
#include "tables/memory_table.h"
#include "tables/table_types.h"
#include "util/braces.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

struct Pair {
  std::string_view key;
  std::string_view value;
};

// A key in double quotes may contain anything, and keeps the quotes.
std::string_view take_key(std::string_view text) {
  const std::size_t closing = text.starts_with('"') ? text.find('"', 1) : std::string_view::npos;
  if (closing != std::string_view::npos) return text.substr(0, closing + 1);
  return text.substr(0, text.find_first_of("= \t\r\n\v\f"));
}

Result<Pair> parse_pair(std::string_view word) {
  const Result<std::string_view> inner = util::without_braces(word);
  if (!inner) return inner.error();
  const std::string_view key = take_key(*inner);
  const std::string_view rest = util::trim_left(inner->substr(key.size()));
  if (!rest.starts_with('=')) return Error::syntax("missing '=' after attribute name");
  if (key.empty()) return Error::syntax("missing attribute name");
  return Pair{key, util::trim(rest.substr(1))};
}

}  // namespace

OpenedTable open_inline_table(std::string_view name, const TableOptions& options) {
  const auto bad = [&](const std::string& problem) {
    return Error::syntax(problem + ": \"inline:" + std::string(name) +
                         "\"; need \"inline:{name=value...}\"");
  };
  const Result<std::string_view> list = util::without_braces(name);
  if (!list || !name.starts_with('{') || name == "{}") return bad("bad syntax");
  auto table = std::make_unique<MemoryTable>("inline:" + std::string(name));
  std::string_view rest = *list;
  while (true) {
    const std::string_view word = util::next_brace_word(rest, ", \t\r\n");
    if (word.empty()) break;
    const Result<Pair> pair = parse_pair(word);
    if (!pair) return bad(pair.error().what);
    table->insert_or_assign(stored_key(pair->key, options), std::string(pair->value));
  }
  if (table->empty()) return bad("empty table");
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace handoff::tables
