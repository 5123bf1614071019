// text.h - small questions about strings that the standard library leaves open.
//
// Bytes, not characters: nothing here depends on the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::util {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

bool is_blank(char c);
bool is_digit(char c);
bool is_alnum(char c);
char to_lower(char c);
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

std::string_view trim(std::string_view text);
std::string_view trim_left(std::string_view text);
std::string_view trim_right(std::string_view text);

// The non-empty pieces between any of `separators`.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);
// Takes the next such piece off the front of `rest`; empty when there is none left.
std::string_view next_word(std::string_view& rest, std::string_view separators = kBlanks);

// The whole text, an optional sign and decimal digits, within the range of the type.
std::optional<std::int64_t> to_int64(std::string_view text);
std::optional<int> to_int(std::string_view text);

// Bytes outside printable ASCII become `substitute`; 8-bit bytes stay when `keep_8bit`.
std::string printable(std::string_view text, char substitute = '?', bool keep_8bit = false);

// The same, but well-formed UTF-8 (RFC 3629) stays; what is not well-formed becomes `substitute`,
// byte by byte.
std::string printable_utf8(std::string_view text, char substitute = '?');
bool is_utf8(std::string_view text);

// RFC 4648, padded, no line breaks. Decoding is strict: nothing for malformed text.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace handoff::util
