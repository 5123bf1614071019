#include "smtp/quoted_printable.h"

#include <utility>

namespace handoff::smtp {

namespace {

// Past this column a line is broken before the next character; with an encoded one and the "=" that
// makes 76.
constexpr std::size_t kBreakPast = 72;
constexpr char kHex[] = "0123456789ABCDEF";

bool is_literal(char c) {
  return (c >= 33 && c <= 126 && c != '=') || c == ' ' || c == '\t';
}

}  // namespace

void QuotedPrintableEncoder::put(char c, bool literally, std::string& out) {
  if (column_ > kBreakPast) {
    out += "=\n";
    column_ = 0;
    // A line that begins with a hyphen could be taken for a boundary.
    literally = literally && c != '-';
  }
  if (literally) {
    out += c;
    ++column_;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += '=';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
  column_ += 3;
}

void QuotedPrintableEncoder::add(std::string_view text, bool ends_line, std::string& out) {
  for (const char c : text) {
    if (held_blank_) put(*std::exchange(held_blank_, std::nullopt), true, out);
    if (c == ' ' || c == '\t')
      held_blank_ = c;
    else
      put(c, is_literal(c), out);
  }
  if (!ends_line) return;
  if (held_blank_) put(*std::exchange(held_blank_, std::nullopt), false, out);
  column_ = 0;
}

}  // namespace handoff::smtp
