#include "tables/table_options.h"

#include <fcntl.h>

#include <string_view>

namespace handoff::tables {
namespace {

struct Flag {
  std::uint32_t bit;
  bool TableOptions::*member;  // null: see duplicates and trailing_nul
  std::string_view name;
};

// In the order in which stock names them.
constexpr Flag kFlags[] = {
    {table_flag::kDuplicatesWarn, nullptr, "dup_warn"},
    {table_flag::kDuplicatesIgnore, nullptr, "dup_ignore"},
    {table_flag::kTryWithoutNul, nullptr, "try0null"},
    {table_flag::kTryWithNul, nullptr, "try1null"},
    {table_flag::kLock, &TableOptions::lock, "lock"},
    {table_flag::kDuplicatesReplace, nullptr, "dup_replace"},
    {table_flag::kSyncUpdates, &TableOptions::sync_updates, "sync_update"},
    {table_flag::kNoSubstitution, &TableOptions::no_substitution, "no_regsub"},
    {table_flag::kNoProxy, &TableOptions::no_proxy, "no_proxy"},
    {table_flag::kNoUnauthenticated, &TableOptions::no_unauthenticated, "no_unauth"},
    {table_flag::kFoldLiterals, &TableOptions::fold_literals, "fold_fix"},
    {table_flag::kFoldPatterns, &TableOptions::fold_patterns, "fold_mul"},
    {table_flag::kLockWhileOpen, &TableOptions::lock_while_open, "open_lock"},
    {table_flag::kBulk, &TableOptions::bulk, "bulk_update"},
    {table_flag::kUtf8, &TableOptions::utf8, "utf8_request"},
    {table_flag::kValuesAreFiles, &TableOptions::values_are_files, "src_rhs_is_file"},
};

std::uint32_t duplicates_flag(Duplicates duplicates) {
  switch (duplicates) {
    case Duplicates::Refuse:
      return 0;
    case Duplicates::Warn:
      return table_flag::kDuplicatesWarn;
    case Duplicates::Ignore:
      return table_flag::kDuplicatesIgnore;
    case Duplicates::Replace:
      return table_flag::kDuplicatesReplace;
  }
  return 0;
}

std::uint32_t nul_flag(TrailingNul nul) {
  if (nul == TrailingNul::Unknown) return 0;
  return nul == TrailingNul::With ? table_flag::kTryWithNul : table_flag::kTryWithoutNul;
}

int open_flags(Access access) {
  switch (access) {
    case Access::Read:
      return O_RDONLY;
    case Access::Write:
      return O_RDWR;
    case Access::Create:
      return O_RDWR | O_CREAT;
  }
  return O_RDONLY;
}

}  // namespace

std::uint32_t to_flags(const TableOptions& options) {
  std::uint32_t flags = duplicates_flag(options.duplicates) | nul_flag(options.trailing_nul);
  for (const Flag& flag : kFlags)
    if (flag.member != nullptr && options.*flag.member) flags |= flag.bit;
  return flags;
}

std::string describe(const TableOptions& options) {
  std::string text = std::to_string(open_flags(options.access));
  char separator = ',';
  const std::uint32_t flags = to_flags(options);
  for (const Flag& flag : kFlags) {
    if ((flags & flag.bit) == 0) continue;
    text += separator;
    text += flag.name;
    separator = '|';
  }
  // Without any, stock shows the number.
  return flags == 0 ? text + ",0" : text;
}

}  // namespace handoff::tables
