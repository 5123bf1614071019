#include "global/address_extension.h"

#include <algorithm>

#include "util/text.h"

namespace handoff::global {
namespace {

constexpr std::string_view kMailerDaemon = "MAILER-DAEMON";
constexpr std::string_view kOwner = "owner-";
constexpr std::string_view kRequest = "-request";

bool is_of_a_list(std::string_view local_part) {
  const std::size_t request = local_part.size() - std::min(local_part.size(), kRequest.size());
  return util::starts_with_ignoring_case(local_part, kOwner) ||
         util::equal_ignoring_case(local_part.substr(request), kRequest);
}

}  // namespace

std::string_view without_extension(std::string_view local_part, const ExtensionRules& rules) {
  const std::size_t at = local_part.find_first_of(rules.delimiters, 1);
  if (rules.delimiters.empty() || at == std::string_view::npos) return {};
  if (util::equal_ignoring_case(local_part, kMailerDaemon) ||
      util::equal_ignoring_case(local_part, rules.double_bounce_sender))
    return {};
  if (rules.owner_request_special && rules.delimiters.find('-') != std::string::npos &&
      is_of_a_list(local_part))
    return {};
  return local_part.substr(0, at);
}

}  // namespace handoff::global
