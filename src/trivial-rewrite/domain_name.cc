#include "trivial-rewrite/domain_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "util/text.h"

namespace handoff::rewrite {

namespace {

constexpr std::size_t kNameLimit = 255;
constexpr std::size_t kLabelLimit = 63;
constexpr std::string_view kIpv6Tag = "IPv6:";

bool is_label(std::string_view label, bool utf8) {
  if (label.empty() || label.size() > kLabelLimit) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [utf8](char c) {
    if (static_cast<unsigned char>(c) >= 0x80) return utf8;
    return util::is_alnum(c) || c == '-' || c == '_';
  });
}

}  // namespace

bool is_numeric(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return util::is_digit(c) || c == '.'; });
}

bool is_domain_name(std::string_view name, bool utf8) {
  if (name.empty() || name.size() > kNameLimit || is_numeric(name)) return false;
  for (std::size_t start = 0;;) {
    const std::size_t dot = name.find('.', start);
    if (!is_label(name.substr(start, dot - start), utf8)) return false;
    if (dot == std::string_view::npos) return true;
    start = dot + 1;
  }
}

bool is_address_literal(std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  if (util::starts_with_ignoring_case(text, kIpv6Tag))
    return inet_pton(AF_INET6, std::string(text.substr(kIpv6Tag.size())).c_str(), address) == 1;
  return inet_pton(AF_INET, std::string(text).c_str(), address) == 1;
}

}  // namespace handoff::rewrite
