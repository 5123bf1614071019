#include "global/mime_structure.h"

#include <optional>
#include <utility>

#include "util/text.h"

namespace handoff::global {
namespace {

using util::equal_ignoring_case;

constexpr std::string_view kTokenEnds = "()<>@,;:\\\"/[]?= \t\r\n\v\f";

// RFC 2045, 5.1: tokens, quoted strings and single special bytes; comments and blanks are skipped.
class ValueReader {
 public:
  explicit ValueReader(std::string_view text) : rest_(text) {}

  std::optional<std::string> next() {
    skip_blanks_and_comments();
    if (rest_.empty()) return std::nullopt;
    if (rest_[0] == '"') return quoted();
    std::size_t length = rest_.find_first_of(kTokenEnds);
    if (length == 0) length = 1;
    std::string token(rest_.substr(0, length));
    rest_.remove_prefix(token.size());
    return token;
  }

 private:
  void skip_blanks_and_comments() {
    int depth = 0;
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '(') ++depth;
      if (depth == 0 && !util::is_blank(c)) return;
      if (c == ')') --depth;
      rest_.remove_prefix(c == '\\' && rest_.size() > 1 ? 2 : 1);
    }
  }

  std::string quoted() {
    std::string text;
    for (rest_.remove_prefix(1); !rest_.empty() && rest_[0] != '"'; rest_.remove_prefix(1)) {
      if (rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_[0];
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

// There ought to be one.
std::vector<std::string> boundaries_of(ValueReader& parameters) {
  std::vector<std::string> boundaries;
  auto token = parameters.next();
  while (token) {
    const bool begins = token == ";";
    token = parameters.next();
    if (!begins || !token || !equal_ignoring_case(*token, "boundary")) continue;
    if (token = parameters.next(); token != "=") continue;
    if (token = parameters.next(); token) boundaries.push_back(*token);
  }
  return boundaries;
}

// One word and nothing else: no comment, no parameters.
bool is_8bit_encoding(std::string_view value) {
  value = util::trim_left(value);
  return equal_ignoring_case(value, "8bit") || equal_ignoring_case(value, "binary");
}

}  // namespace

void MimeStructure::on_header(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "Content-Type")) on_content_type(value);
  if (equal_ignoring_case(name, "Content-Transfer-Encoding")) is_8bit_ |= is_8bit_encoding(value);
}

void MimeStructure::on_content_type(std::string_view value) {
  ValueReader reader(value);
  const std::string type = reader.next().value_or("");
  if (reader.next() != "/") return;
  const std::string subtype = reader.next().value_or("");
  if (equal_ignoring_case(type, "message")) {
    if (equal_ignoring_case(subtype, "rfc822") || equal_ignoring_case(subtype, "global"))
      content_ = Content::Message;
  } else if (equal_ignoring_case(type, "multipart")) {
    boundaries_ = boundaries_of(reader);
    if (boundaries_.empty()) return;
    content_ = equal_ignoring_case(subtype, "digest") ? Content::Digest : Content::Multipart;
  }
}

void MimeStructure::begin_block(Content content) {
  content_ = content;
  boundaries_.clear();
}

void MimeStructure::open_multipart(Content part) {
  for (const std::string& boundary : boundaries_)
    if (open_.size() < limits_.nesting)
      open_.push_back({boundary.substr(0, limits_.boundary_length), part});
}

MimeStructure::Next MimeStructure::on_blank_line() {
  switch (std::exchange(content_, Content::Plain)) {
    case Content::Plain:
      return Next::Text;
    case Content::Message:
      begin_block(Content::Plain);
      return Next::Headers;
    case Content::Multipart:
      open_multipart(Content::Plain);
      return Next::Text;
    case Content::Digest:
      open_multipart(Content::Message);
      return Next::Text;
  }
  return Next::Text;
}

void MimeStructure::on_missing_blank_line() {
  if (content_ == Content::Message) content_ = Content::Plain;
  (void)on_blank_line();
}

// An outer boundary ends the parts within, whether they were complete or not.
MimeStructure::Next MimeStructure::on_text_line(std::string_view line) {
  if (open_.empty() || !line.starts_with("--")) return Next::Text;
  line.remove_prefix(2);
  for (std::size_t level = open_.size(); level-- > 0;) {
    if (!line.starts_with(open_[level].boundary)) continue;
    const bool last = line.substr(open_[level].boundary.size()).starts_with("--");
    const Content part = open_[level].part;
    open_.resize(last ? level : level + 1);
    if (last) return Next::Text;
    begin_block(part);
    return Next::Headers;
  }
  return Next::Text;
}

}  // namespace handoff::global
