// texthash:/path: the source of an indexed table, without the index.
#include <memory>
#include <string>

#include "tables/folding.h"
#include "tables/memory_table.h"
#include "tables/table_types.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr std::size_t kUnbalanced = std::string_view::npos;

// Up to the first blank outside of double quotes; a backslash protects what follows it. Quotes and
// backslashes stay in the key.
std::size_t key_length(std::string_view text) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size() && (quoted || !util::is_blank(text[i])); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
  }
  return quoted ? kUnbalanced : i;
}

Status on_duplicate(const std::string& problem, const TableOptions& options) {
  if (options.duplicates == Duplicates::Refuse) return Error::syntax(problem);
  if (options.duplicates == Duplicates::Warn) msg::warn("{}", problem);
  return {};
}

Status enter(const util::LogicalLine& line, const std::string& path, const TableOptions& options,
             MemoryTable& table) {
  const std::string place = path + ", line " + std::to_string(line.number);
  const std::size_t length = key_length(line.text);
  if (length == kUnbalanced) {
    msg::warn("{}: unbalanced '\"' in '{}' -- ignoring this line", place, line.text);
    return {};
  }
  const std::string_view key = std::string_view(line.text).substr(0, length);
  const std::string_view value = util::trim(std::string_view(line.text).substr(length));
  if (value.empty()) {
    msg::warn("{}: expected format: key whitespace value -- ignoring this line", place);
    return {};
  }
  if (key.ends_with(':'))
    msg::warn("{}: record is in \"key: value\" format; is this an alias file?", place);
  std::string stored = stored_key(key, options);
  if (options.duplicates == Duplicates::Replace)
    table.insert_or_assign(std::move(stored), std::string(value));
  else if (!table.insert(stored, std::string(value)))
    return on_duplicate(place + ": duplicate entry: \"" + stored + '"', options);
  return {};
}

}  // namespace

OpenedTable open_texthash_table(std::string_view name, const TableOptions& options) {
  const std::string path(name);
  const Result<std::string> text = util::read_text_file(path);
  if (!text) {
    const std::string& what = text.error().what;
    return what.starts_with("open ") ? Error::not_found("open database " + what.substr(5))
                                     : text.error();
  }
  auto table = std::make_unique<MemoryTable>("texthash:" + path);
  for (const util::LogicalLine& line : util::logical_lines(*text, path))
    if (Status entered = enter(line, path, options, *table); !entered) return entered.error();
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace handoff::tables
