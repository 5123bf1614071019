// command.h - the SMTP and LMTP commands that the test server knows (RFC 5321, 4.1.1).
//
// Two of them are not commands on the wire, but moments at which a server answers: Connect is the
// greeting, EndOfText the line with nothing but a dot.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace handoff::smtpstone {

enum class Command {
  Connect,
  Helo,
  Ehlo,
  Lhlo,
  Mail,
  Rcpt,
  Data,
  EndOfText,
  Bdat,
  Rset,
  Noop,
  Vrfy,
  Quit,
  Auth,
  Xclient,
  Xforward,
  Unknown,
};
inline constexpr std::size_t kCommands = 17;

// Something for each command, `table[Command::Mail]`.
template <typename T>
struct PerCommand : private std::array<T, kCommands> {
  T& operator[](Command command) { return this->at(static_cast<std::size_t>(command)); }
  const T& operator[](Command command) const { return this->at(static_cast<std::size_t>(command)); }
  bool operator==(const PerCommand&) const = default;
};

// "MAIL"; "CONNECT" and "." for the two that have no verb, "other" for Unknown.
std::string_view name(Command command);
// Any of these names but "other", in upper or lower case.
std::optional<Command> command_named(std::string_view name);

}  // namespace handoff::smtpstone
