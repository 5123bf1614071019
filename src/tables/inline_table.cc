// inline:{key=value, {key = value with blanks}}
#include <memory>
#include <string>

#include "tables/folding.h"
#include "tables/memory_table.h"
#include "tables/source_file.h"
#include "tables/table_types.h"
#include "util/braces.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

struct Pair {
  std::string_view key;
  std::string_view value;
};

// A key in double quotes may contain anything, and keeps the quotes.
Result<std::string_view> take_key(std::string_view text) {
  if (text.starts_with('"')) {
    const std::size_t closing = text.find('"', 1);
    if (closing == std::string_view::npos) return Error::syntax("unbalanced '\"'");
    return text.substr(0, closing + 1);
  }
  return text.substr(0, text.find_first_of("= \t\r\n\v\f"));
}

Result<Pair> parse_pair(std::string_view word) {
  const Result<std::string_view> inner = util::without_braces(word);
  if (!inner) return inner.error();
  const Result<std::string_view> key = take_key(*inner);
  if (!key) return key.error();
  const std::string_view rest = util::trim_left(inner->substr(key->size()));
  if (!rest.starts_with('=')) return Error::syntax("missing '=' after attribute name");
  return Pair{*key, util::trim(rest.substr(1))};
}

Result<std::string> value_of(const Pair& pair, const TableOptions& options) {
  return options.values_are_files ? encode_files(pair.value) : std::string(pair.value);
}

}  // namespace

OpenedTable open_inline_table(std::string_view name, const TableOptions& options) {
  const auto bad = [&](const std::string& problem) {
    return Error::syntax(problem + ": \"inline:" + std::string(name) + "\"; need \"inline:{name=" +
                         (options.values_are_files ? "filename" : "value") + "...}\"");
  };
  if (Status allowed = require_read_only("inline", name, options); !allowed) return allowed.error();
  const Result<std::string_view> list = util::without_braces(name);
  if (!list || !name.starts_with('{') || name == "{}") return bad("bad syntax");
  auto table = std::make_unique<MemoryTable>("inline:" + std::string(name));
  std::string_view rest = *list;
  while (true) {
    const std::string_view word = util::next_brace_word(rest, ", \t\r\n");
    if (word.empty()) break;
    const Result<Pair> pair = parse_pair(word);
    if (!pair) return bad(pair.error().what);
    Result<std::string> value = value_of(*pair, options);
    if (!value) return bad(value.error().what);
    table->insert_or_assign(stored_key(pair->key, options), *std::move(value));
  }
  if (table->empty()) return bad("empty table");
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace handoff::tables
