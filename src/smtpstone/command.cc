#include "smtpstone/command.h"

#include "util/text.h"

namespace handoff::smtpstone {
namespace {

constexpr std::array<std::string_view, kCommands> kNames = {
    "CONNECT", "HELO", "EHLO", "LHLO", "MAIL", "RCPT",    "DATA",     ".",     "BDAT",
    "RSET",    "NOOP", "VRFY", "QUIT", "AUTH", "XCLIENT", "XFORWARD", "other",
};

}  // namespace

std::string_view name(Command command) {
  return kNames[static_cast<std::size_t>(command)];
}

std::optional<Command> command_named(std::string_view name) {
  for (std::size_t i = 0; i < kCommands; ++i) {
    const auto command = static_cast<Command>(i);
    if (command != Command::Unknown && util::equal_ignoring_case(name, kNames[i])) return command;
  }
  return std::nullopt;
}

}  // namespace handoff::smtpstone
