// envelope_commands.h - XFORWARD, MAIL FROM and RCPT TO with their parameters.
//
// RFC 5321, 4.1.1; SIZE: RFC 1870; BODY: RFC 6152; DSN: RFC 3461; SMTPUTF8: RFC 6531. Parameters
// are only used with servers that offer them.
#pragma once

#include <string>
#include <string_view>

#include "global/delivery_request.h"
#include "global/params.h"
#include "smtp/session_state.h"

namespace handoff::smtp {

// What the text looks like on this connection.
struct BodyForm {
  bool converted = false;  // to 7 bits on the way, so its size is not known
};

std::string mail_command(const global::DeliveryRequest& request, const SessionState& session,
                         const global::Params& params, BodyForm body);
std::string rcpt_command(const global::DeliveryRequest& request, const global::Recipient& recipient,
                         const SessionState& session, const global::Params& params);

// Empty when the server does not want to know any of it, or nothing is known.
std::string xforward_client_command(const global::DeliveryRequest& request,
                                    const SessionState& session);
std::string xforward_protocol_command(const global::DeliveryRequest& request,
                                      const SessionState& session);

// Whether an address can stand in a command at all: with a line break it would be two commands.
bool fits_a_command(std::string_view address);

// Submitted as internationalized mail, and really so (RFC 6531, 3.2).
bool needs_smtputf8(const global::DeliveryRequest& request);

// RFC 3461, 4: bytes outside 33 to 126, "+" and "=" become +HH.
std::string xtext(std::string_view text);

}  // namespace handoff::smtp
