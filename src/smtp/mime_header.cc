#include "smtp/mime_header.h"

#include <algorithm>

#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";

bool is_token_character(char c) {
  return c > 32 && c < 127 && kSpecials.find(c) == std::string_view::npos;
}

// Words, quoted strings and single specials; blanks and comments are skipped.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // Empty at the end.
  std::string next() {
    skip_comments();
    if (rest_.empty()) return {};
    if (rest_.front() == '"') return quoted();
    std::size_t length = 0;
    while (length < rest_.size() && is_token_character(rest_[length])) ++length;
    length = std::max<std::size_t>(length, 1);
    std::string token(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return token;
  }

 private:
  void skip_comments() {
    int depth = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '(') ++depth;
      if (c == '\\' && depth > 0 && rest_.size() > 1) rest_.remove_prefix(1);
      if (depth == 0 && !util::is_blank(c)) return;
      if (c == ')' && depth > 0) --depth;
      rest_.remove_prefix(1);
    }
  }

  std::string quoted() {
    std::string text;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      if (rest_.front() != '\n' && rest_.front() != '\r') text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

}  // namespace

ContentType parse_content_type(std::string_view text) {
  Tokens tokens(text);
  ContentType result;
  std::string type = util::to_lower(tokens.next());
  if (tokens.next() != "/") return result;
  std::string subtype = util::to_lower(tokens.next());
  if (type.empty() || subtype.empty()) return result;
  result.type = std::move(type);
  result.subtype = std::move(subtype);
  for (std::string token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token != ";") continue;
    const std::string name = util::to_lower(tokens.next());
    if (tokens.next() != "=") continue;
    const std::string value = tokens.next();
    if (name == "boundary" && result.boundary.empty()) result.boundary = value;
  }
  return result;
}

std::string parse_transfer_encoding(std::string_view text) {
  return util::to_lower(Tokens(text).next());
}

std::string_view field_name(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > 32 && line[length] < 127 && line[length] != ':')
    ++length;
  std::size_t colon = length;
  while (colon < line.size() && (line[colon] == ' ' || line[colon] == '\t')) ++colon;
  return length > 0 && colon < line.size() && line[colon] == ':' ? line.substr(0, length)
                                                                 : std::string_view();
}

}  // namespace handoff::smtp
