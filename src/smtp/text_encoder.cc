#include "smtp/text_encoder.h"

namespace handoff::smtp {

void TextEncoder::add(std::string_view text, bool ends_line, std::string& out) {
  if (!in_line_ && text.starts_with('.')) out += '.';
  in_line_ = true;
  while (line_limit_ > 0 && column_ + text.size() > line_limit_) {
    const std::size_t room = line_limit_ - column_;
    out += text.substr(0, room);
    out += "\r\n ";
    text.remove_prefix(room);
    column_ = 1;
    has_folded_ = true;
  }
  out += text;
  column_ += text.size();
  if (!ends_line) return;
  out += "\r\n";
  column_ = 0;
  in_line_ = false;
}

void TextEncoder::finish(std::string& out) {
  if (in_line_) add({}, true, out);
}

}  // namespace handoff::smtp
