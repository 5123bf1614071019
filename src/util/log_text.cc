#include "util/log_text.h"

#include <algorithm>
#include <string_view>

namespace handoff::util {
namespace {

bool& shows_utf8() {
  static bool shows = false;
  return shows;
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// How many bytes at the beginning of `text` may be shown; 0: the first one may not. What looks like
// a multi-byte character is left to the reader's terminal.
std::size_t printable_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? 0 : 1;
  if (!shows_utf8() || lead < 0xc2 || lead == 0xff) return 0;
  const auto end = std::find_if_not(text.begin() + 1, text.end(), continues_character);
  const auto length = static_cast<std::size_t>(end - text.begin());
  return length > 1 ? length : 0;
}

}  // namespace

std::string log_text(std::string text) {
  if (text.size() > kLongestLogText) text.resize(kLongestLogText);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = printable_length(std::string_view(text).substr(i));
    if (length == 0) text[i] = '?';
    i += std::max<std::size_t>(length, 1);
  }
  return text;
}

void show_utf8_in_log(bool show) {
  shows_utf8() = show;
}

}  // namespace handoff::util
