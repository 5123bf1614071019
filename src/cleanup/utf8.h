// utf8.h - who needs SMTPUTF8 (RFC 6531): noticed while a message comes in.
#pragma once

#include <string_view>

#include "cleanup/message.h"

namespace handoff::cleanup {

bool is_ascii(std::string_view text);
// Valid UTF-8 (RFC 3629) with at least one character outside ASCII.
bool is_utf8_beyond_ascii(std::string_view text);

// Keeps in mind what the message needs; `bits` are those of the place that `text` stands in. Unless
// the client asked for it, only mail whose class is looked at (kAutodetectSmtputf8) asks for it.
void note_utf8_address(Message& message, std::string_view address, int bits);
void note_8bit_header(Message& message, std::string_view text);

}  // namespace handoff::cleanup
