// mime_downgrade.h - a message with 8-bit parts for a server that takes 7 bits only (RFC 6152, 3).
//
// Walks through the structure of a message while it is being sent. Parts that are labelled "8bit"
// or "binary" become quoted-printable, the labels of what surrounds them become "7bit". Everything
// else passes unchanged: text without a label, and parts that must not be encoded (message/partial
// and the like), which would not be the same afterwards.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtp/mime_header.h"
#include "smtp/quoted_printable.h"
#include "smtp/text_encoder.h"

namespace handoff::smtp {

class MimeDowngrade {
 public:
  // The encoder must outlive this.
  explicit MimeDowngrade(TextEncoder& encoder) : encoder_(encoder) {}

  // As in TextEncoder.
  void add(std::string_view text, bool ends_line, std::string& out);
  void finish(std::string& out);

 private:
  enum class Mode {
    Header,           // of a message or a part
    Verbatim,         // a body, or something that is no header, as it is
    QuotedPrintable,  // a body
  };
  enum class Field { Other, ContentType, TransferEncoding };
  struct Level {  // a multipart that we are in
    std::string boundary;
    bool digest = false;  // its parts are messages unless they say something else
  };

  void begin_line(std::string_view text, bool complete, std::string& out);
  bool cross_boundary(std::string_view line, std::string& out);
  void begin_entity(bool in_digest);
  void header_line(std::string_view line, bool complete, std::string& out);
  void header_text(std::string_view text, bool complete, std::string& out);
  void end_field(std::string& out);
  [[nodiscard]] bool has_eight_bit_label() const;
  void end_header(std::string& out);
  void emit_kept_encoding(std::string& out);
  void emit_encoding(std::string_view encoding, std::string& out);
  void emit(std::string_view text, bool ends_line, std::string& out);
  void emit_encoded(std::string_view text, bool ends_line, std::string& out);

  TextEncoder& encoder_;
  QuotedPrintableEncoder quoted_printable_;
  std::string encoded_;
  Mode mode_ = Mode::Header;
  bool in_line_ = false;  // the beginning of the current line has been seen
  std::vector<Level> levels_;
  // The header of the current entity:
  Field field_ = Field::Other;
  std::string type_text_;
  std::string encoding_text_;  // held back if it must be changed
  bool in_digest_ = false;
};

}  // namespace handoff::smtp
