// texthash:/path: the source of an indexed table, without the index.
#include <memory>
#include <string>

#include "tables/folding.h"
#include "tables/memory_table.h"
#include "tables/source_file.h"
#include "tables/table_types.h"
#include "util/msg.h"
#include "util/text_file.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

Status on_duplicate(const SourceEntry& entry, const TableOptions& options) {
  const std::string problem = entry.place + ": duplicate entry: \"" + entry.key + '"';
  if (options.duplicates == Duplicates::Refuse) return Error::syntax(problem);
  if (options.duplicates == Duplicates::Warn) msg::warn("{}", problem);
  return {};
}

Status enter(const SourceEntry& entry, const TableOptions& options, MemoryTable& table) {
  std::string key = stored_key(entry.key, options);
  if (options.duplicates == Duplicates::Replace) {
    table.insert_or_assign(std::move(key), entry.value);
    return {};
  }
  return table.insert(std::move(key), entry.value) ? Status() : on_duplicate(entry, options);
}

}  // namespace

OpenedTable open_texthash_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("texthash", name, options); !allowed)
    return allowed.error();
  const std::string path(name);
  const Result<std::string> text = util::read_text_file(path);
  if (!text) {
    const std::string& what = text.error().what;
    return what.starts_with("open ") ? Error::not_found("open database " + what.substr(5))
                                     : text.error();
  }
  auto table = std::make_unique<MemoryTable>("texthash:" + path);
  Status entered =
      parse_source(*text, path, options, SourceUser::Texthash,
                   [&](const SourceEntry& entry) { return enter(entry, options, *table); });
  if (!entered) return entered.error();
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace handoff::tables
