#include "tables/folding.h"

#include "tables/settings.h"
#include "util/text.h"

namespace handoff::tables {

std::string fold(std::string_view text, bool) {
  return util::to_lower(text);
}

std::string stored_key(std::string_view key, const TableOptions& options) {
  if (!options.fold_literals) return std::string(key);
  return fold(key, options.utf8 && settings().utf8);
}

}  // namespace handoff::tables
