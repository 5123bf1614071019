// text_encoder.h - lines of a message as the bytes that follow DATA (RFC 5321, 4.5.2
// and 4.5.3.1.6).
//
// Each line ends in CR LF, a leading dot is doubled, and lines that are too long are folded: the
// break is CR LF and a space, which leaves a header field's meaning alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace handoff::smtp {

class TextEncoder {
 public:
  // `line_limit` is smtp_line_length_limit; 0: lines are never folded.
  explicit TextEncoder(std::size_t line_limit) : line_limit_(line_limit) {}

  // A line, or, with `ends_line` false, the beginning or the middle of one.
  void add(std::string_view text, bool ends_line, std::string& out);
  // Completes a last line that had no end. The final dot is not ours.
  void finish(std::string& out);

  [[nodiscard]] bool has_folded() const { return has_folded_; }

 private:
  std::size_t line_limit_;
  std::size_t column_ = 0;  // bytes of the current line that have been written
  bool in_line_ = false;
  bool has_folded_ = false;
};

}  // namespace handoff::smtp
