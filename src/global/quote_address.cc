#include "global/quote_address.h"

namespace handoff::global {

namespace {

bool is_atom_character(char c) {
  constexpr std::string_view kSpecials = "()<>@,;:\\\"[]";
  const auto byte = static_cast<unsigned char>(c);
  return byte > 32 && byte != 127 && kSpecials.find(c) == std::string_view::npos;
}

bool is_dot_string(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  for (const char c : local)
    if (!is_atom_character(c)) return false;
  return true;
}

}  // namespace

std::string quote_address(std::string_view internal) {
  const std::size_t at = internal.rfind('@');
  const std::string_view local = internal.substr(0, at);
  if (internal.empty() || is_dot_string(local)) return std::string(internal);
  std::string quoted = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\' || c == '\r') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  if (at != std::string_view::npos) quoted += internal.substr(at);
  return quoted;
}

}  // namespace handoff::global
