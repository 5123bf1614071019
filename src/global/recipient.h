// recipient.h - one recipient of a message, as programs tell one another.
//
// Addresses are in internal form (unquoted, no angle brackets).
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "global/mail_proto.h"
#include "util/attr0.h"

namespace handoff::global {

struct Recipient {
  static constexpr std::int64_t kNoRecord = -1;

  std::string original;  // before rewriting and aliasing; may be empty
  std::string address;
  std::int64_t offset = kNoRecord;  // of the record's type byte in the queue file
  std::string dsn_original;         // "rfc822;user@example.com", or empty
  int notify = 0;                   // mask notify::k..., 0 when not specified

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kOriginalRecipient, &Recipient::original},
                 util::attr0::Field{attr::kRecipient, &Recipient::address},
                 util::attr0::Field{attr::kOffset, &Recipient::offset},
                 util::attr0::Field{attr::kDsnOriginalRecipient, &Recipient::dsn_original},
                 util::attr0::Field{attr::kNotifyFlags, &Recipient::notify}};
  bool operator==(const Recipient&) const = default;
};

}  // namespace handoff::global
