// recipient.h - one recipient of a message, as programs tell one another.
//
// Addresses are in internal form (unquoted, no angle brackets).
#pragma once

#include <cstdint>
#include <string>

namespace handoff::global {

struct Recipient {
  static constexpr std::int64_t kNoRecord = -1;

  std::string original;  // before rewriting and aliasing; may be empty
  std::string address;
  std::int64_t offset = kNoRecord;  // of the record's type byte in the queue file
  std::string dsn_original;         // "rfc822;user@example.com", or empty
  int notify = 0;                   // mask notify::k..., 0 when not specified

  bool operator==(const Recipient&) const = default;
};

}  // namespace handoff::global
