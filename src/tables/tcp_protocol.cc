#include "tables/tcp_protocol.h"

#include <optional>

#include "util/text.h"

namespace handoff::tables {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

std::optional<int> hex_value(char c) {
  const std::size_t value = kHexDigits.find(c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c);
  if (value == std::string_view::npos) return std::nullopt;
  return static_cast<int>(value);
}

std::optional<std::string> unquote(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_value(text[i + 1]);
    const auto low = hex_value(text[i + 2]);
    if (!high || !low) return std::nullopt;
    plain += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return plain;
}

}  // namespace

std::string quote_tcp(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c > ' ' && c < 127 && c != '%') {
      quoted += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    quoted += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
  }
  return quoted;
}

util::Result<TcpReply> TcpReply::parse(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const std::string_view text = line.substr(0, line.find('\0'));
  const auto wrong = [&](std::string_view what) {
    return util::Error::protocol(std::string(what) + ": " + std::string(text));
  };
  if (text.size() < 4 || !util::is_digit(text[0]) || !util::is_digit(text[1]) ||
      !util::is_digit(text[2]) || !util::is_blank(text[3]))
    return wrong("malformed reply");
  const std::optional<std::string> plain = unquote(text.substr(4));
  if (!plain) return wrong("malformed reply");
  // Keys and values are texts without NUL.
  const std::string value = plain->substr(0, plain->find('\0'));
  switch (text[0]) {
    case '2':
      return TcpReply{Kind::Found, value};
    case '4':
      return TcpReply{Kind::Unavailable, value};
    case '5':
      return TcpReply{Kind::NotFound, value};
    default:
      return wrong("bad status code");
  }
}

}  // namespace handoff::tables
