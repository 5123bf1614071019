// mime_header.h - the two header fields that say how a body is to be read (RFC 2045, 5 and 6).
#pragma once

#include <string>
#include <string_view>

namespace handoff::smtp {

struct ContentType {
  std::string type = "text";      // lower case
  std::string subtype = "plain";  // lower case
  std::string boundary;

  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return type == wanted_type && subtype == wanted_subtype;
  }
};

// Both take what is behind the colon, folded or not. What is malformed counts as far as it goes.
ContentType parse_content_type(std::string_view text);
// In lower case; empty when there is none.
std::string parse_transfer_encoding(std::string_view text);

// The name of a field at the beginning of a header line; empty when it is none.
std::string_view field_name(std::string_view line);

}  // namespace handoff::smtp
