#include "cleanup/utf8.h"

#include <algorithm>
#include <cstdint>

#include "global/mail_proto.h"

namespace handoff::cleanup {
namespace {

namespace smtputf8 = global::smtputf8;

// The length of the well-formed sequence at the beginning of `text`, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool beyond = first == 0xf4 && byte(1) > 0x8f;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

void request_if_detecting(Message& message) {
  if ((message.flags & global::cleanup_flag::kAutodetectSmtputf8) != 0)
    message.size.smtputf8 |= smtputf8::kRequested;
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<signed char>(c) < 0; });
}

bool is_utf8_beyond_ascii(std::string_view text) {
  if (is_ascii(text)) return false;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void note_utf8_address(Message& message, std::string_view address, int bits) {
  if (!message.params().smtputf8_enable || !is_utf8_beyond_ascii(address)) return;
  message.size.smtputf8 |= bits;
  request_if_detecting(message);
}

void note_8bit_header(Message& message, std::string_view text) {
  if (!message.params().smtputf8_enable || is_ascii(text)) return;
  message.size.smtputf8 |= smtputf8::kHeader;
  request_if_detecting(message);
}

}  // namespace handoff::cleanup
