// quoted_printable.h - lines of 8-bit text as quoted-printable (RFC 2045, 6.7).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace handoff::smtp {

class QuotedPrintableEncoder {
 public:
  // Appends to `out`; soft line breaks are "=\n". A line may come in pieces.
  void add(std::string_view text, bool ends_line, std::string& out);

 private:
  void put(char c, bool literally, std::string& out);

  std::size_t column_ = 0;
  std::optional<char> held_blank_;  // must be encoded if the line ends behind it
};

}  // namespace handoff::smtp
