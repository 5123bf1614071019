#include "global/dsn.h"

#include "util/msg.h"
#include "util/text.h"

namespace handoff::global {

namespace {

constexpr std::size_t kMaxDigits = 3;

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t count = 0;
  while (from + count < text.size() && util::is_digit(text[from + count])) ++count;
  return count;
}

// ".ddd" at `from`: its length, or 0.
std::size_t component_at(std::string_view text, std::size_t from) {
  if (from >= text.size() || text[from] != '.') return 0;
  std::size_t digits = digits_at(text, from + 1);
  return digits >= 1 && digits <= kMaxDigits ? digits + 1 : 0;
}

}  // namespace

std::size_t dsn_code_length(std::string_view text) {
  if (text.empty() || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return 0;
  std::size_t subject = component_at(text, 1);
  if (subject == 0) return 0;
  std::size_t detail = component_at(text, 1 + subject);
  if (detail == 0) return 0;
  std::size_t length = 1 + subject + detail;
  return length == text.size() || util::is_blank(text[length]) ? length : 0;
}

std::string checked_dsn_code(std::string_view status, char wanted_class) {
  if (is_dsn_code(status) && status[0] == wanted_class) return std::string(status);
  std::string generic = std::string(1, wanted_class) + ".0.0";
  msg::warn("malformed or unexpected delivery status \"{}\"; using {}", status, generic);
  return generic;
}

Dsn split_dsn(std::string_view text, std::string_view otherwise) {
  text = util::trim_left(text);
  std::size_t length = dsn_code_length(text);
  if (length == 0) return Dsn::simple(otherwise, text);
  return Dsn::simple(text.substr(0, length), util::trim_left(text.substr(length)));
}

}  // namespace handoff::global
