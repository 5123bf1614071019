#include "global/address_quote.h"

#include <algorithm>

namespace handoff::global {
namespace {

// RFC 5322, 3.2.3: everything printable but these.
constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";

bool is_atom_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && kSpecials.find(c) == std::string_view::npos;
}

// An obsolete route stands before an address: "@relay.example,@other.example:user@example.com".
std::size_t route_length(std::string_view internal) {
  return internal.starts_with('@') ? internal.find(':') + 1 : 0;  // 0 if there is no ":"
}

}  // namespace

bool is_dot_atom(std::string_view local_part) {
  if (local_part.empty() || local_part.front() == '.' || local_part.back() == '.' ||
      local_part.find("..") != std::string_view::npos)
    return false;
  return std::ranges::all_of(local_part, [](char c) { return c == '.' || is_atom_byte(c); });
}

std::string quoted_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\r') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string quote_address(std::string_view internal) {
  if (const std::size_t route = route_length(internal); route > 0)
    return std::string(internal.substr(0, route)) + quote_address(internal.substr(route));
  const std::size_t at = internal.rfind('@');
  const std::string_view local_part = internal.substr(0, at);
  if (internal.empty() || is_dot_atom(local_part)) return std::string(internal);
  return quoted_string(local_part) +
         std::string(at == std::string_view::npos ? std::string_view() : internal.substr(at));
}

std::string unquote_address(std::string_view external) {
  std::string internal;
  for (std::size_t i = 0; i < external.size(); ++i) {
    if (external[i] == '"') continue;
    if (external[i] == '\\' && i + 1 < external.size()) ++i;
    internal += external[i];
  }
  return internal;
}

}  // namespace handoff::global
