#include "tables/socketmap_protocol.h"

#include <algorithm>

#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

// Enough for any limit, and for a leading zero or two.
constexpr std::size_t kMostDigits = 9;

}  // namespace

std::string encode_netstring(std::string_view text) {
  return std::to_string(text.size()) + ':' + std::string(text) + ',';
}

Result<std::optional<Netstring>> find_netstring(std::string_view bytes, std::size_t limit) {
  const auto digits_end = std::ranges::find_if_not(bytes, util::is_digit);
  const auto digits = static_cast<std::size_t>(digits_end - bytes.begin());
  if (digits > kMostDigits) return Error::limit("netstring is too long");
  if (digits == bytes.size()) return std::optional<Netstring>();
  if (*digits_end != ':') return Error::protocol("malformed netstring length");
  // Without any digit: 0, as in stock.
  const auto size = static_cast<std::size_t>(util::to_int(bytes.substr(0, digits)).value_or(0));
  if (size > limit) return Error::limit("netstring is too long");
  const std::size_t end = digits + 1 + size;
  if (bytes.size() <= end) return std::optional<Netstring>();
  if (bytes[end] != ',') return Error::protocol("netstring without a comma at its end");
  return std::optional(Netstring{bytes.substr(digits + 1, size), end + 1});
}

SocketmapReply SocketmapReply::parse(std::string_view reply) {
  // Stock's strings end at a NUL.
  reply = reply.substr(0, reply.find('\0'));
  const std::size_t blank = reply.find(' ');
  const std::string_view word = reply.substr(0, blank);
  const bool has_text = blank != std::string_view::npos;
  const std::string_view text = has_text ? reply.substr(blank + 1) : "";
  if (word == "OK") return {has_text ? Kind::Found : Kind::NotFound, std::string(text)};
  const std::string reason(util::trim_left(text));
  if (word == "NOTFOUND") return {Kind::NotFound, reason};
  if (word == "TEMP") return {Kind::Temporary, reason};
  if (word == "TIMEOUT") return {Kind::Timeout, reason};
  if (word == "PERM") return {Kind::Permanent, reason};
  return {Kind::Unknown, reason};
}

}  // namespace handoff::tables
