#include "global/mail_header.h"

#include <algorithm>
#include <array>

#include "util/text.h"

namespace handoff::global {
namespace {

constexpr std::string_view kResent = "Resent-";

struct Known {
  std::string_view name;
  HeaderRole role;
};
constexpr std::array kAddressHeaders{
    Known{"From", HeaderRole::Originator},
    Known{"Sender", HeaderRole::Originator},
    Known{"Reply-To", HeaderRole::Originator},
    Known{"Errors-To", HeaderRole::Originator},
    Known{"Return-Path", HeaderRole::Originator},
    Known{"Return-Receipt-To", HeaderRole::Originator},
    Known{"Disposition-Notification-To", HeaderRole::Originator},
    Known{"Mail-Followup-To", HeaderRole::Originator},
    Known{"To", HeaderRole::Destination},
    Known{"Cc", HeaderRole::Destination},
    Known{"Bcc", HeaderRole::Destination},
    Known{"Apparently-To", HeaderRole::Destination},
    Known{"Resent-From", HeaderRole::Originator},
    Known{"Resent-Sender", HeaderRole::Originator},
    Known{"Resent-Reply-To", HeaderRole::Originator},
    Known{"Resent-To", HeaderRole::Destination},
    Known{"Resent-Cc", HeaderRole::Destination},
    Known{"Resent-Bcc", HeaderRole::Destination},
};

}  // namespace

std::size_t header_name_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] < 0x7f && line[length] != ':')
    ++length;
  const std::size_t colon = line.find_first_not_of(" \t", length);
  return colon != std::string_view::npos && line[colon] == ':' ? length : 0;
}

void remove_blanks_before_colon(std::string& header) {
  const std::size_t length = header_name_length(header);
  header.erase(length, header.find(':', length) - length);
}

HeaderField HeaderField::split(std::string_view text) {
  return {text.substr(0, header_name_length(text)), text.substr(text.find(':') + 1)};
}

HeaderRole header_role(std::string_view name) {
  const auto known = std::ranges::find_if(
      kAddressHeaders, [&](const Known& one) { return util::equal_ignoring_case(one.name, name); });
  return known == kAddressHeaders.end() ? HeaderRole::Other : known->role;
}

bool is_resent_header(std::string_view name) {
  return util::starts_with_ignoring_case(name, kResent);
}

}  // namespace handoff::global
