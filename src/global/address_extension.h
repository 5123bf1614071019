// address_extension.h - "user+news@example.com" is also for "user@example.com"
// (recipient_delimiter).
#pragma once

#include <string>
#include <string_view>

#include "global/params.h"

namespace handoff::global {

struct ExtensionRules {
  ExtensionRules() = default;
  explicit ExtensionRules(const Params& params)
      : delimiters(params.recipient_delimiter),
        owner_request_special(params.owner_request_special),
        double_bounce_sender(params.double_bounce_sender) {}

  std::string delimiters;  // any of these bytes; none: there are no extensions
  bool owner_request_special = true;
  std::string double_bounce_sender;
};

// The local part up to its extension, or nothing when it has none. "mailer-daemon" and the sender
// of double bounces have none, nor have "owner-list" and "list-request" with owner_request_special.
std::string_view without_extension(std::string_view local_part, const ExtensionRules& rules);

}  // namespace handoff::global
