#include "cleanup/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cleanup/utf8.h"
#include "global/mail_header.h"
#include "util/msg.h"

namespace handoff::cleanup {

using global::MimeStructure;
using global::Record;
using global::RecordType;
using Next = MimeStructure::Next;

namespace {

MimeStructure::Limits mime_limits(const global::Params& params) {
  return {static_cast<std::size_t>(params.mime_nesting_limit),
          static_cast<std::size_t>(params.mime_boundary_length_limit)};
}

bool begins_with_blank(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

}  // namespace

Text::Text(Message& message)
    : message_(message), primary_(message), structure_(mime_limits(message.params())) {}

bool Text::take(const Record& record) {
  switch (record.type) {
    case RecordType::Line:
    case RecordType::Piece:
      if (message_.sound()) take_text(record.type, std::string(record.data));
      return false;
    case RecordType::Extracted:
      end();
      return true;
    case RecordType::Pointer:
    case RecordType::Deleted:
      msg::warn("{}: record type {} not allowed - discarding this message", message_.queue_id(),
                static_cast<int>(record.type));
      message_.fail(global::cleanup_status::kBadInput);
      return false;
    default:
      if (message_.sound())
        message_.reject(fmt::format("unexpected record type {} in message content",
                                    static_cast<int>(record.type)));
      return false;
  }
}

void Text::take_text(RecordType type, std::string text) {
  std::ranges::replace(text, '\r', ' ');
  if (place_ == Place::Body) {
    take_body_line(type, text);
  } else {
    take_header_line(type, std::move(text));
  }
}

void Text::take_header_line(RecordType type, std::string text) {
  const bool goes_on = std::exchange(in_line_, type == RecordType::Piece);
  const bool continues = !header_.empty() && (goes_on || begins_with_blank(text));
  if (!continues) {
    end_header();
    const bool begins_header = global::header_name_length(text) > 0 ||
                               (place_ == Place::PartHeader && begins_with_blank(text));
    if (!begins_header) return end_headers_at(type, text);
  }
  if (header_is_full_) return;
  text.resize(std::min(text.size(), text.find('\0')));  // headers are text
  if (continues && !goes_on) text.insert(text.begin(), '\n');
  header_is_full_ = continues && header_.size() + text.size() > header_limit();
  if (!header_is_full_) header_ += text;
}

std::size_t Text::header_limit() const {
  return static_cast<std::size_t>(message_.params().header_size_limit);
}

void Text::end_header() {
  header_is_full_ = false;
  if (header_.empty()) return;
  std::string header = std::exchange(header_, {});
  if (global::header_name_length(header) > 0) {
    global::remove_blanks_before_colon(header);
    const auto field = global::HeaderField::split(header);
    structure_.on_header(field.name, field.value);
  }
  if (place_ == Place::PrimaryHeader) header = primary_.take(std::move(header));
  if (header.empty()) return;
  const std::string_view kept = std::string_view(header).substr(0, header_limit());
  note_8bit_header(message_, kept);
  write_lines(kept);
}

void Text::write_lines(std::string_view text) {
  for (;;) {
    const std::size_t end = text.find('\n');
    message_.put_text(RecordType::Line, text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// A line that is no header: empty, as it should be, or the first line of a text that begins
// without an empty one.
void Text::end_headers_at(RecordType type, std::string_view text) {
  const bool blank = text.empty() && type == RecordType::Line;
  if (place_ == Place::PrimaryHeader) {
    for (const std::string& header : primary_.missing()) write_lines(header);
    if (!blank) message_.put_text(RecordType::Line, {});
  }
  if (blank) {
    message_.put_text(RecordType::Line, {});
    place_ = structure_.on_blank_line() == Next::Headers ? Place::PartHeader : Place::Body;
    return;
  }
  structure_.on_missing_blank_line();
  place_ = Place::Body;
  in_line_ = false;
  take_body_line(type, text);
}

void Text::take_body_line(RecordType type, std::string_view text) {
  const bool goes_on = std::exchange(in_line_, type == RecordType::Piece);
  message_.put_text(type, text);
  if (!goes_on && structure_.on_text_line(text) == Next::Headers) place_ = Place::PartHeader;
}

void Text::end() {
  if (place_ == Place::Body) {
    if (in_line_) message_.put_text(RecordType::Line, {});
  } else {
    end_header();
    if (place_ == Place::PrimaryHeader)
      for (const std::string& header : primary_.missing()) write_lines(header);
  }
  if (structure_.is_8bit()) message_.encoding = global::encoding::k8Bit;
  message_.size.text_span = message_.position() - message_.size.text_offset;
  message_.size.text_length = message_.size.text_span;
  message_.put(RecordType::Extracted);
}

}  // namespace handoff::cleanup
