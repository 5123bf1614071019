// payload.h - the text of the messages that the generator sends, ready for the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace handoff::smtpstone {

// With CRLF line ends, a complete last line and the transparency of RFC 5321, 4.5.2. Line ends may
// be LF or CRLF.
std::string wire_text(std::string_view text);

// `size` bytes in lines of 80, their CRLF counted: each with a running digit, filled with "X".
std::string filler(std::size_t size);

// What is sent where neither a size nor a file is given.
std::string default_body();

}  // namespace handoff::smtpstone
