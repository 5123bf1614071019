#include "smtp/mime_downgrade.h"

#include <algorithm>
#include <utility>

#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::size_t kMaxLevels = 100;         // mime_nesting_limit
constexpr std::size_t kFieldLimit = 64 * 1024;  // of the two fields that are looked at
constexpr std::string_view kContentType = "Content-Type";
constexpr std::string_view kTransferEncoding = "Content-Transfer-Encoding";

std::string_view behind_colon(std::string_view field) {
  return field.substr(std::min(field.size(), field.find(':') + 1));
}

}  // namespace

void MimeDowngrade::add(std::string_view text, bool ends_line, std::string& out) {
  if (!std::exchange(in_line_, !ends_line))
    begin_line(text, ends_line, out);
  else if (mode_ == Mode::Header)
    header_text(text, ends_line, out);
  else if (mode_ == Mode::QuotedPrintable)
    emit_encoded(text, ends_line, out);
  else
    emit(text, ends_line, out);
}

void MimeDowngrade::finish(std::string& out) {
  if (in_line_) add({}, true, out);
  if (mode_ == Mode::Header) end_header(out);
}

void MimeDowngrade::begin_line(std::string_view text, bool complete, std::string& out) {
  if (cross_boundary(text, out)) return emit(text, complete, out);
  switch (mode_) {
    case Mode::Header:
      return header_line(text, complete, out);
    case Mode::Verbatim:
      return emit(text, complete, out);
    case Mode::QuotedPrintable:
      return emit_encoded(text, complete, out);
  }
}

// A boundary ends the parts within its multipart; with "--" at its end, the multipart itself.
bool MimeDowngrade::cross_boundary(std::string_view line, std::string& out) {
  if (levels_.empty() || !line.starts_with("--")) return false;
  line.remove_prefix(2);
  for (std::size_t i = levels_.size(); i > 0; --i) {
    if (!line.starts_with(levels_[i - 1].boundary)) continue;
    std::string_view rest = line.substr(levels_[i - 1].boundary.size());
    const bool last = rest.starts_with("--");
    if (last) rest.remove_prefix(2);
    if (rest.find_first_not_of(" \t\r") != std::string_view::npos) continue;
    if (mode_ == Mode::Header) end_header(out);  // of a part without body
    const bool digest = levels_[i - 1].digest;
    levels_.resize(last ? i - 1 : i);
    if (last)
      mode_ = Mode::Verbatim;
    else
      begin_entity(digest);
    return true;
  }
  return false;
}

// --- Headers.

void MimeDowngrade::begin_entity(bool in_digest) {
  mode_ = Mode::Header;
  field_ = Field::Other;
  type_text_.clear();
  encoding_text_.clear();
  in_digest_ = in_digest;
}

void MimeDowngrade::header_line(std::string_view line, bool complete, std::string& out) {
  if (complete && (line.empty() || line == "\r")) {
    end_header(out);
    return emit(line, true, out);
  }
  if (line.empty() || (line.front() != ' ' && line.front() != '\t')) {
    end_field(out);
    const std::string_view name = field_name(line);
    if (name.empty()) {  // this is no header, and nothing is known of what follows
      emit_kept_encoding(out);
      mode_ = Mode::Verbatim;
      return emit(line, complete, out);
    }
    field_ = util::equal_ignoring_case(name, kContentType)        ? Field::ContentType
             : util::equal_ignoring_case(name, kTransferEncoding) ? Field::TransferEncoding
                                                                  : Field::Other;
    if (field_ == Field::ContentType) type_text_.clear();
    if (field_ == Field::TransferEncoding) encoding_text_.clear();
  }
  header_text(line, complete, out);
}

void MimeDowngrade::header_text(std::string_view text, bool complete, std::string& out) {
  if (field_ != Field::Other) {
    std::string& kept = field_ == Field::ContentType ? type_text_ : encoding_text_;
    if (kept.size() + text.size() < kFieldLimit) {
      kept += text;
      if (complete) kept += '\n';
    }
  }
  if (field_ != Field::TransferEncoding) emit(text, complete, out);
}

// An encoding that is fit to be sent keeps its place in the header.
void MimeDowngrade::end_field(std::string& out) {
  if (field_ == Field::TransferEncoding && !has_eight_bit_label()) emit_kept_encoding(out);
  field_ = Field::Other;
}

bool MimeDowngrade::has_eight_bit_label() const {
  const std::string encoding = parse_transfer_encoding(behind_colon(encoding_text_));
  return encoding == "8bit" || encoding == "binary";
}

// What the body is, and how it travels.
void MimeDowngrade::end_header(std::string& out) {
  end_field(out);
  ContentType type;
  if (in_digest_) type.type = "message", type.subtype = "rfc822";
  if (!type_text_.empty()) type = parse_content_type(behind_colon(type_text_));
  const bool eight_bit = has_eight_bit_label();
  const bool nested = type.is("message", "rfc822");
  const bool multipart = type.type == "multipart";
  const bool fragile = type.type == "message" && !nested && type.subtype != "global";
  const bool too_deep = levels_.size() >= kMaxLevels;

  if (!eight_bit || fragile || ((nested || multipart) && too_deep))
    emit_kept_encoding(out);
  else
    emit_encoding(nested || multipart ? "7bit" : "quoted-printable", out);

  if (nested && !too_deep) {
    begin_entity(false);
  } else if (multipart && !too_deep) {
    mode_ = Mode::Verbatim;  // up to the first part
    if (!type.boundary.empty()) levels_.push_back({type.boundary, type.subtype == "digest"});
  } else {
    mode_ = eight_bit && !fragile && !nested && !multipart ? Mode::QuotedPrintable : Mode::Verbatim;
  }
}

void MimeDowngrade::emit_kept_encoding(std::string& out) {
  for (std::string_view line : util::split(encoding_text_, "\n")) emit(line, true, out);
  encoding_text_.clear();
}

void MimeDowngrade::emit_encoding(std::string_view encoding, std::string& out) {
  emit(std::string(kTransferEncoding) + ": " + std::string(encoding), true, out);
}

// --- Output.

void MimeDowngrade::emit(std::string_view text, bool ends_line, std::string& out) {
  encoder_.add(text, ends_line, out);
}

void MimeDowngrade::emit_encoded(std::string_view text, bool ends_line, std::string& out) {
  encoded_.clear();
  quoted_printable_.add(text, ends_line, encoded_);
  std::string_view rest = encoded_;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    emit(rest.substr(0, end), true, out);
    rest.remove_prefix(end + 1);
  }
  emit(rest, ends_line, out);
}

}  // namespace handoff::smtp
