#include "global/cleanup_status.h"

#include <algorithm>
#include <array>

#include "global/mail_proto.h"

namespace handoff::global {
namespace {

struct Text {
  int status;
  std::string_view text;
};
// The first that applies counts.
constexpr std::array kTexts{
    Text{cleanup_status::kBadInput, "internal protocol error"},
    Text{cleanup_status::kNoRecipients, "no recipients specified"},
    Text{cleanup_status::kTooManyHops, "too many hops"},
    Text{cleanup_status::kTooBig, "message file too big"},
    Text{cleanup_status::kRejected, "message content rejected"},
    Text{cleanup_status::kDeferred, "service unavailable"},
    Text{cleanup_status::kWriteError, "queue file write error"},
    Text{cleanup_status::kProxyReject, "queue file write error"},
    Text{cleanup_status::kNotPermitted, "not permitted"},
};

}  // namespace

std::string_view cleanup_status_text(int status) {
  const auto text =
      std::ranges::find_if(kTexts, [&](const Text& one) { return (status & one.status) != 0; });
  return text == kTexts.end() ? "unknown status" : text->text;
}

bool is_hopeless(int status) {
  return (status & (cleanup_status::kBadInput | cleanup_status::kNoRecipients)) != 0;
}

}  // namespace handoff::global
