// table_options.h - how a table is to be opened: what its user wants, and what he must not get.
//
// The mask with stock's bit numbers is what goes over the wire to proxymap(8), and by what one
// process tells the tables that it has open apart.
#pragma once

#include <cstdint>
#include <string>

namespace handoff::tables {

enum class Access {
  Read,
  Write,   // and read; the table must exist
  Create,  // the same, and it is made where it does not exist
};

// A key that is there already, when a table is written or read from its source.
enum class Duplicates {
  Refuse,   // an error
  Warn,     // the first one stays
  Ignore,   // the same, silently
  Replace,  // the last one stays
};

// Whether keys and values in a file end with a NUL.
enum class TrailingNul {
  Unknown,  // reading: whichever works first; writing: as is usual for the type
  Without,
  With,
};

struct TableOptions {
  Access access = Access::Read;
  // Upper and lower case are the same, in what is asked and in what is stored: for tables with
  // literal keys, and for those with patterns.
  bool fold_literals = true;
  bool fold_patterns = false;
  // Keys and values are UTF-8, if Settings::utf8 is on; see folding.h and checked_table.h.
  bool utf8 = false;
  bool lock = false;
  // Exclusive, for as long as the table is open.
  bool lock_while_open = false;
  bool sync_updates = false;
  // The whole table is written anew.
  bool bulk = false;
  Duplicates duplicates = Duplicates::Refuse;
  TrailingNul trailing_nul = TrailingNul::Unknown;
  // For security-sensitive uses: no "$1", no proxy (the table itself instead), no table on the
  // network that anybody could be. The last two are for agents that deliver into mailboxes, as
  // local(8) of stock does; none of our programs is one.
  bool no_substitution = false;
  bool no_proxy = false;
  bool no_unauthenticated = false;
  // Values in the source are names of files; the table holds their content in base64.
  bool values_are_files = false;

  // What open_table() does when the table cannot be opened (daemon_table_open_error_is_fatal).
  // Not part of the mask.
  bool must_open = false;
};

namespace table_flag {
inline constexpr std::uint32_t kDuplicatesWarn = 1U << 0;
inline constexpr std::uint32_t kDuplicatesIgnore = 1U << 1;
inline constexpr std::uint32_t kTryWithoutNul = 1U << 2;
inline constexpr std::uint32_t kTryWithNul = 1U << 3;
inline constexpr std::uint32_t kPattern = 1U << 5;
inline constexpr std::uint32_t kLock = 1U << 6;
inline constexpr std::uint32_t kDuplicatesReplace = 1U << 7;
inline constexpr std::uint32_t kSyncUpdates = 1U << 8;
inline constexpr std::uint32_t kNoSubstitution = 1U << 11;
inline constexpr std::uint32_t kNoProxy = 1U << 12;
inline constexpr std::uint32_t kNoUnauthenticated = 1U << 13;
inline constexpr std::uint32_t kFoldLiterals = 1U << 14;
inline constexpr std::uint32_t kFoldPatterns = 1U << 15;
inline constexpr std::uint32_t kLockWhileOpen = 1U << 16;
inline constexpr std::uint32_t kBulk = 1U << 17;
inline constexpr std::uint32_t kManyWriters = 1U << 18;
inline constexpr std::uint32_t kUtf8 = 1U << 19;
inline constexpr std::uint32_t kValuesAreFiles = 1U << 21;
}  // namespace table_flag

// Access and must_open are not part of it.
std::uint32_t to_flags(const TableOptions& options);

// "0,lock|fold_fix|utf8_request", as in stock's log lines: the flags of open(2), and the others.
std::string describe(const TableOptions& options);

}  // namespace handoff::tables
