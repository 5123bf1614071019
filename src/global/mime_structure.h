// mime_structure.h - where in a message the header blocks are (RFC 2045, RFC 2046).
//
// A message is told line by line; this says which lines belong to the header of a body part or of
// a message within the message, and whether anything in it is announced as 8-bit. Never refuses
// anything: what is no sound MIME is text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::global {

class MimeStructure {
 public:
  struct Limits {
    std::size_t nesting = 100;           // mime_nesting_limit
    std::size_t boundary_length = 2048;  // mime_boundary_length_limit: the rest does not count
  };
  explicit MimeStructure(Limits limits) : limits_(limits) {}

  // A complete header of the current block, folded or not.
  void on_header(std::string_view name, std::string_view value);
  enum class Next { Text, Headers };
  // The blank line behind a header block has been seen: what comes?
  Next on_blank_line();
  // The block ended without one: text follows, whatever it was to be.
  void on_missing_blank_line();
  // The beginning of a line of text.
  Next on_text_line(std::string_view line);

  // A part of the message is declared 8bit or binary.
  [[nodiscard]] bool is_8bit() const { return is_8bit_; }

 private:
  enum class Content { Plain, Multipart, Digest, Message };
  struct Multipart {
    std::string boundary;
    Content part;  // what parts are that do not say so
  };

  void on_content_type(std::string_view value);
  void begin_block(Content content);
  void open_multipart(Content part);

  Limits limits_;
  std::vector<Multipart> open_;  // the innermost last
  Content content_ = Content::Plain;
  std::vector<std::string> boundaries_;
  bool is_8bit_ = false;
};

}  // namespace handoff::global
