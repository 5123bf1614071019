#include "postmap/message_keys.h"

#include <utility>

#include "global/mail_header.h"

namespace handoff::postmap {
namespace {

bool begins_with_blank(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

}  // namespace

MessageKeys::MessageKeys(Wanted wanted, Take take)
    : wanted_(wanted), take_(std::move(take)), structure_(global::MimeStructure::Limits()) {}

void MessageKeys::line(std::string_view text) {
  if (in_header_)
    header_line(text);
  else
    body_line(text);
}

void MessageKeys::end() {
  end_header();
}

void MessageKeys::header_line(std::string_view text) {
  if (!header_.empty() && begins_with_blank(text)) {
    header_.append("\n").append(text);
    return;
  }
  end_header();
  if (global::header_name_length(text) > 0) {
    header_ = text;
    return;
  }
  // The blank line that ends a header block is text; where it is missing, there is one for it.
  if (wanted_.body) take_({});
  if (text.empty()) {
    go_on_with(structure_.on_blank_line());
    return;
  }
  structure_.on_missing_blank_line();
  in_header_ = false;
  body_line(text);
}

void MessageKeys::end_header() {
  if (header_.empty()) return;
  std::string header = std::exchange(header_, {});
  global::remove_blanks_before_colon(header);
  const auto field = global::HeaderField::split(header);
  structure_.on_header(field.name, field.value);
  if (wanted_.headers) take_(header);
}

void MessageKeys::body_line(std::string_view text) {
  const Next next = structure_.on_text_line(text);
  if (wanted_.body) take_(std::string(text));
  go_on_with(next);
}

void MessageKeys::go_on_with(Next next) {
  in_header_ = wanted_.mime && next == Next::Headers;
}

}  // namespace handoff::postmap
