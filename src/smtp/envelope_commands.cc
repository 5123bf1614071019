#include "smtp/envelope_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "global/address_quote.h"
#include "global/mail_proto.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

using global::DeliveryRequest;
using global::Recipient;

constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kRfc822 = "rfc822";
constexpr std::string_view kUtf8 = "utf-8";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

std::string quoted(const std::string& address, const global::Params& params) {
  return params.smtp_quote_rfc821_envelope ? global::quote_address(address) : address;
}

// The type of an address: letters, digits and hyphens (RFC 3461, 4.2).
bool is_atom(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return util::is_alnum(c) || c == '-'; });
}

// RFC 6533, 3: utf-8-addr-unitext, which only SMTPUTF8 connections carry: like xtext, but
// characters outside ASCII stay, and \x{HH} takes the place of +HH.
std::string unitext(std::string_view text) {
  std::string quoted_text;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 32 || byte == 127 || c == '+' || c == '=' || c == '\\')
      quoted_text += fmt::format("\\x{{{:02X}}}", byte);
    else
      quoted_text += c;
  }
  return quoted_text;
}

std::string original_recipient(const DeliveryRequest& request, const Recipient& recipient,
                               const SessionState& session) {
  const bool internationalized = session.has(feature::kSmtpUtf8) && request.smtputf8 != 0;
  std::string type;
  std::string address;
  if (!recipient.dsn_original.empty()) {
    const std::size_t colon = recipient.dsn_original.find(';');
    if (colon == std::string::npos) return {};
    type = recipient.dsn_original.substr(0, colon);
    if (!is_atom(type)) return {};
    address = recipient.dsn_original.substr(colon + 1);
  } else if (!recipient.original.empty()) {
    address = global::quote_address(recipient.original);
    type = internationalized && !is_ascii(address) ? kUtf8 : kRfc822;
  } else {
    return {};
  }
  const bool as_utf8 = internationalized && util::equal_ignoring_case(type, kUtf8);
  return fmt::format(" ORCPT={};{}", type, as_utf8 ? unitext(address) : xtext(address));
}

std::string notify_parameter(int flags) {
  if (flags == 0) return {};
  if ((flags & global::notify::kNever) != 0) return " NOTIFY=NEVER";
  std::string events;
  const auto add = [&](int flag, std::string_view word) {
    if ((flags & flag) == 0) return;
    events += events.empty() ? " NOTIFY=" : ",";
    events += word;
  };
  add(global::notify::kSuccess, "SUCCESS");
  add(global::notify::kFailure, "FAILURE");
  add(global::notify::kDelay, "DELAY");
  return events;
}

void add_xforward(std::string& command, const SessionState& session, feature::Set wanted,
                  std::string_view name, const std::string& value) {
  if (session.has(wanted) && !value.empty() && value != kUnknown)
    command += fmt::format(" {}={}", name, xtext(value));
}

}  // namespace

std::string xtext(std::string_view text) {
  std::string quoted_text;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 33 || byte > 126 || c == '+' || c == '=')
      quoted_text += fmt::format("+{:02X}", byte);
    else
      quoted_text += c;
  }
  return quoted_text;
}

bool fits_a_command(std::string_view address) {
  return address.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool needs_smtputf8(const DeliveryRequest& request) {
  namespace utf8 = global::smtputf8;
  return (request.smtputf8 & utf8::kRequested) != 0 &&
         (request.smtputf8 & (utf8::kHeader | utf8::kSender | utf8::kRecipient)) != 0;
}

std::string mail_command(const DeliveryRequest& request, const SessionState& session,
                         const global::Params& params, BodyForm body) {
  std::string command = fmt::format("MAIL FROM:<{}>", quoted(request.sender, params));
  if (session.has(feature::kSize) && !body.converted)
    command += fmt::format(" SIZE={}", request.data_size);
  if (session.has(feature::k8BitMime)) {
    if (request.encoding == global::encoding::k8Bit) command += " BODY=8BITMIME";
    if (request.encoding == global::encoding::k7Bit) command += " BODY=7BIT";
  }
  if (session.has(feature::kDsn)) {
    if (!request.envelope_id.empty())
      command += fmt::format(" ENVID={}", xtext(request.envelope_id));
    if (request.ret_flags != 0)
      command += (request.ret_flags & global::ret::kFull) != 0 ? " RET=FULL" : " RET=HDRS";
  }
  if (session.has(feature::kSmtpUtf8) && (request.smtputf8 & global::smtputf8::kRequested) != 0)
    command += " SMTPUTF8";
  return command;
}

std::string rcpt_command(const DeliveryRequest& request, const Recipient& recipient,
                         const SessionState& session, const global::Params& params) {
  std::string command = fmt::format("RCPT TO:<{}>", quoted(recipient.address, params));
  if (!session.has(feature::kDsn)) return command;
  return command + original_recipient(request, recipient, session) +
         notify_parameter(recipient.notify);
}

std::string xforward_client_command(const DeliveryRequest& request, const SessionState& session) {
  std::string attributes;
  add_xforward(attributes, session, feature::kXforwardName, "NAME", request.client_name);
  add_xforward(attributes, session, feature::kXforwardAddress, "ADDR", request.client_address);
  add_xforward(attributes, session, feature::kXforwardPort, "PORT", request.client_port);
  return attributes.empty() ? attributes : "XFORWARD" + attributes;
}

std::string xforward_protocol_command(const DeliveryRequest& request, const SessionState& session) {
  std::string attributes;
  add_xforward(attributes, session, feature::kXforwardProtocol, "PROTO", request.protocol_name);
  add_xforward(attributes, session, feature::kXforwardHelo, "HELO", request.helo_name);
  add_xforward(attributes, session, feature::kXforwardIdent, "IDENT", request.log_ident);
  if (session.has(feature::kXforwardSource))
    attributes += request.rewrite_context == global::rewrite_context::kLocal ? " SOURCE=LOCAL"
                                                                             : " SOURCE=REMOTE";
  return attributes.empty() ? attributes : "XFORWARD" + attributes;
}

}  // namespace handoff::smtp
