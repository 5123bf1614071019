#include "dns/answer.h"

#include <fmt/format.h>

#include "util/text.h"

namespace handoff::dns {

namespace {

constexpr std::size_t kLabelLimit = 63;
constexpr std::size_t kNameLimit = 255;

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::Found:
      return "Success";
    case Kind::NotFound:
      return "Host not found";
    case Kind::NoData:
      return "Host found but no data record of requested type";
    case Kind::Again:
      return "Host not found, try again";
    case Kind::Permanent:
      return "Non-recoverable error";
    case Kind::Invalid:
      return "Malformed or unexpected name server reply";
    case Kind::NullMx:
      return "Host does not accept mail";
  }
  return {};
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelLimit) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (const char c : label)
    if (!util::is_alnum(c) && c != '-' && c != '_' && static_cast<unsigned char>(c) < 0x80)
      return false;
  return true;
}

}  // namespace

std::string_view to_text(Type type) {
  switch (type) {
    case Type::A:
      return "A";
    case Type::Aaaa:
      return "AAAA";
    case Type::Cname:
      return "CNAME";
    case Type::Mx:
      return "MX";
  }
  return {};
}

std::string explain(Kind kind, std::string_view name, Type type) {
  if (kind == Kind::NullMx) return fmt::format("Domain {} does not accept mail (nullMX)", name);
  return fmt::format("Host or domain name not found. Name service error for name={} type={}: {}",
                     name, to_text(type), to_text(kind));
}

bool is_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kNameLimit) return false;
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace handoff::dns
