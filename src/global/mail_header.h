// mail_header.h - the lines at the head of a message (RFC 5322, 2.2 and 3.6).
//
// A name is printable ASCII without ":" and blanks; blanks before the colon are obsolete but
// accepted.
#pragma once

#include <string>
#include <string_view>

namespace handoff::global {

// The length of the name when `line` begins a header, else 0.
std::size_t header_name_length(std::string_view line);
// "Subject : x" was legal once; some receivers take such a line for the end of the header.
void remove_blanks_before_colon(std::string& header);

struct HeaderField {
  std::string_view name;
  std::string_view value;  // everything behind the colon

  // Only when header_name_length() is not 0; `text` may have continuation lines.
  static HeaderField split(std::string_view text);
};

// Headers that hold addresses.
enum class HeaderRole { Other, Originator, Destination };
HeaderRole header_role(std::string_view name);
// "Resent-From" and the like: about the last of several journeys.
bool is_resent_header(std::string_view name);

}  // namespace handoff::global
