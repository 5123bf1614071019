#include "tables/folding.h"

#include <algorithm>

#include "tables/settings.h"
#include "tables/unicode.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string fold(std::string_view text, bool utf8) {
  if (!utf8 || is_ascii(text) || !util::is_utf8(text)) return util::to_lower(text);
  return fold_unicode(text).value_or(util::to_lower(text));
}

std::string stored_key(std::string_view key, const TableOptions& options) {
  if (!options.fold_literals) return std::string(key);
  return fold(key, options.utf8 && settings().utf8);
}

}  // namespace handoff::tables
