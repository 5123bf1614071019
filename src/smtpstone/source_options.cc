#include "smtpstone/source_options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <limits>

#include "smtpstone/option_values.h"

namespace handoff::smtpstone {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr const char* kShortOptions = "+:46AcC:df:F:l:Lm:M:Nor:R:s:S:t:T:vw:";
const option kLongOptions[] = {{nullptr, 0, nullptr, 0}};

bool set_switch(SourceOptions& options, int letter) {
  switch (letter) {
    case '4':
      options.family = AF_INET;
      return true;
    case '6':
      options.family = AF_INET6;
      return true;
    case 'A':
      options.manners.go_on_after_refusal = true;
      return true;
    case 'c':
      options.show_counter = true;
      return true;
    case 'd':
      options.keep_connection = true;
      return true;
    case 'L':
      options.manners.lmtp = true;
      return true;
    case 'N':
      options.number_all_recipients = true;
      return true;
    case 'o':
      options.manners.say_hello = false;
      return true;
    case 'v':
      ++options.verbose;
      return true;
    default:
      return false;
  }
}

Status set_number(int& target, const char* value) {
  const Result<int> number = to_number(value, 1, std::numeric_limits<int>::max());
  if (!number) return number.error();
  target = *number;
  return {};
}

Status set_pause(SourceOptions& options, const char* value, bool random) {
  const auto pause = to_time(value);
  if (!pause) return pause.error();
  options.pause = *pause;
  options.random_pause = random;
  return {};
}

Status set_value(SourceOptions& options, int letter, const char* value) {
  switch (letter) {
    case 'C':
      return set_number(options.connection_attempts, value);
    case 'f':
      options.sender = value;
      return {};
    case 'F':
      options.message_file = value;
      return {};
    case 'l':
      return set_number(options.text_size, value);
    case 'm':
      return set_number(options.messages, value);
    case 'M':
      options.manners.host = value;
      return {};
    case 'r':
      return set_number(options.recipients_per_message, value);
    case 'R':
      return set_pause(options, value, true);
    case 's':
      return set_number(options.sessions, value);
    case 'S':
      options.subject = value;
      return {};
    case 't':
      options.recipient = value;
      return {};
    case 'T':
      return set_number(options.window_size, value);
    case 'w':
      return set_pause(options, value, false);
    default:
      return Error::syntax("unknown option");
  }
}

}  // namespace

Result<SourceOptions> parse_source_options(const std::vector<std::string>& arguments) {
  SourceOptions options;
  const auto operands = read_options(arguments, kShortOptions, kLongOptions,
                                     [&](int letter, const char* value) -> Status {
                                       if (set_switch(options, letter)) return {};
                                       return set_value(options, letter, value);
                                     });
  if (!operands) return operands.error();
  if (operands->size() != 1) return Error::syntax("one server is needed");
  if (options.text_size > 0 && !options.message_file.empty())
    return Error::syntax("-l excludes -F");
  auto server = TransportAddress::parse(operands->front(), "smtp");
  if (!server) return server.error();
  options.server = *std::move(server);
  return options;
}

}  // namespace handoff::smtpstone
