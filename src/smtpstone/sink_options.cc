#include "smtpstone/sink_options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <limits>
#include <optional>
#include <string_view>

#include "smtpstone/option_values.h"
#include "util/text.h"

namespace handoff::smtpstone {
namespace {

using util::Error;
using util::Result;
using util::Status;

// Long options are ours alone; short ones are those of Postfix, and -J.
enum LongOption {
  kCounters = 'J',
  kCountersInterval = 256,
  kListening,
  kMaxSegmentSize,
  kMessagesPerConnection,
  kOffer,
  kReplyDelay,
  kStore,
};

constexpr const char* kShortOptions =
    "+:468aA:b:B:cCd:D:eEf:Fh:H:J:Lm:M:n:NpPq:Q:r:R:s:S:t:T:u:vw:W:";

const option kLongOptions[] = {
    {"counters", required_argument, nullptr, kCounters},
    {"counters-interval", required_argument, nullptr, kCountersInterval},
    {"listening", required_argument, nullptr, kListening},
    {"max-segment-size", required_argument, nullptr, kMaxSegmentSize},
    {"messages-per-connection", required_argument, nullptr, kMessagesPerConnection},
    {"offer", required_argument, nullptr, kOffer},
    {"reply-delay", required_argument, nullptr, kReplyDelay},
    {"store", required_argument, nullptr, kStore},
    {nullptr, 0, nullptr, 0},
};

// "mail,rcpt:10": sets `member` of these commands' rules, to 100 or to the number given.
Status set_percentages(Policy& policy, std::string_view list, int Rule::*member) {
  const auto words = util::split(list, ", \t");
  if (words.empty()) return Error::syntax("names no command");
  for (const std::string_view word : words) {
    const std::size_t colon = word.find(':');
    const std::optional<Command> command = command_named(word.substr(0, colon));
    if (!command) return Error::syntax(fmt::format("unknown command: {}", word.substr(0, colon)));
    policy.rules[*command].*member = 100;
    if (colon == std::string_view::npos) continue;
    const Result<int> percentage = to_number(word.substr(colon + 1), 1, 100);
    if (!percentage) return percentage.error();
    policy.rules[*command].*member = *percentage;
  }
  return {};
}

// "cmd:delay[:odds]"
Status set_wait(Policy& policy, std::string_view text) {
  const std::size_t first = text.find(':');
  const std::optional<Command> command = command_named(text.substr(0, first));
  if (!command) return Error::syntax(fmt::format("unknown command: {}", text.substr(0, first)));
  if (first == std::string_view::npos) return Error::syntax("not command:delay[:odds]");
  const std::string_view rest = text.substr(first + 1);
  const std::size_t second = rest.find(':');
  const auto wait = to_time(rest.substr(0, second));
  if (!wait) return wait.error();
  Rule& rule = policy.rules[*command];
  rule.wait = *wait;
  rule.wait_again = 0;
  if (second == std::string_view::npos) return {};
  const Result<int> odds = to_number(rest.substr(second + 1), 1, 99);
  if (!odds) return odds.error();
  rule.wait_again = *odds;
  return {};
}

Status set_logged(SinkOptions& options, std::string_view list) {
  options.log_commands = true;
  for (const std::string_view word : util::split(list, ", \t")) {
    const std::optional<Command> command = command_named(word);
    if (!command) return Error::syntax(fmt::format("unknown command: {}", word));
    options.policy.rules[*command].log = true;
  }
  return {};
}

Status set_offers(Policy& policy, std::string_view list) {
  for (const std::string_view word : util::split(list, ", \t")) {
    if (util::equal_ignoring_case(word, "smtputf8")) {
      policy.offer_smtputf8 = true;
    } else if (util::equal_ignoring_case(word, "chunking")) {
      policy.offer_chunking = true;
    } else if (util::equal_ignoring_case(word, "size")) {
      policy.offer_size = true;
    } else if (util::starts_with_ignoring_case(word, "size=")) {
      const Result<int> limit = to_number(word.substr(5), 0, std::numeric_limits<int>::max());
      if (!limit) return limit.error();
      policy.offer_size = true;
      policy.message_size_limit = static_cast<std::uint64_t>(*limit);
    } else {
      return Error::syntax(
          fmt::format("{}: can offer smtputf8, chunking, size and size=bytes", word));
    }
  }
  return {};
}

template <typename T>
Status assign(T& target, Result<T> value) {
  if (!value) return value.error();
  target = *std::move(value);
  return {};
}

Status assign_number(int& target, std::string_view text, int least) {
  return assign(target, to_number(text, least, std::numeric_limits<int>::max()));
}

// Options that only switch something; false if `letter` is none of these.
bool set_switch(SinkOptions& options, int letter) {
  Policy& policy = options.policy;
  switch (letter) {
    case '4':
      options.family = AF_INET;
      return true;
    case '6':
      options.family = AF_INET6;
      return true;
    case '8':
      policy.offer_8bitmime = false;
      return true;
    case 'a':
      policy.offer_auth = false;
      return true;
    case 'c':
      options.show_counters = true;
      return true;
    case 'C':
      policy.offer_xclient = false;
      return true;
    case 'e':
      policy.esmtp = false;
      return true;
    case 'E':
      policy.offer_enhanced_status_codes = false;
      return true;
    case 'F':
      policy.offer_xforward = false;
      return true;
    case 'L':
      policy.lmtp = true;
      return true;
    case 'N':
      policy.offer_dsn = false;
      return true;
    case 'p':
      policy.offer_pipelining = false;
      return true;
    case 'P':
      policy.pix_greeting = true;
      policy.esmtp = false;
      return true;
    case 'v':
      ++options.verbose;
      return true;
    default:
      return false;
  }
}

// Options about the protocol that have a value.
std::optional<Status> set_protocol(SinkOptions& options, int letter, std::string_view value) {
  Policy& policy = options.policy;
  switch (letter) {
    case 'A':
      policy.break_off_text.emplace();
      return assign(*policy.break_off_text, to_time(value));
    case 'b':
      return assign(policy.soft_reply, to_reply(value, '4'));
    case 'B':
      return assign(policy.hard_reply, to_reply(value, '5'));
    case 'f':
      policy.offer_pipelining = false;
      return set_percentages(policy, value, &Rule::refuse_hard);
    case 'h':
      policy.host = value;
      return Status();
    case 'H':
      return assign(policy.text_pause, to_time(value));
    case 'q':
      return set_percentages(policy, value, &Rule::hang_up);
    case 'Q':
      return set_percentages(policy, value, &Rule::shut_down);
    case 'r':
      policy.offer_pipelining = false;
      return set_percentages(policy, value, &Rule::refuse_soft);
    case 's':
      return set_logged(options, value);
    case 'w':
      return assign(policy.rules[Command::Data].wait, to_time(value));
    case 'W':
      return set_wait(policy, value);
    case kMessagesPerConnection:
      return assign_number(policy.messages_per_connection, value, 1);
    case kOffer:
      return set_offers(policy, value);
    case kReplyDelay:
      return assign(options.reply_delay, to_time(value));
    default:
      return std::nullopt;
  }
}

Status set_dump(SinkOptions& options, std::string_view value, bool one_file) {
  options.dump_template = value;
  options.dump_into_one_file = one_file;
  return {};
}

// All the others.
Status set_server(SinkOptions& options, int letter, std::string_view value) {
  switch (letter) {
    case 'd':
      return set_dump(options, value, false);
    case 'D':
      return set_dump(options, value, true);
    case 'm':
      return assign_number(options.most_sessions, value, 1);
    case 'M':
      return assign_number(options.exit_after_messages, value, 1);
    case 'n':
      return assign_number(options.exit_after_sessions, value, 1);
    case 'R':
      options.root_directory = value;
      return {};
    case 'S':
      return assign(options.dump_start, unescape(value));
    case 't':
      return assign(options.time_limit, to_time(value));
    case 'T':
      return assign_number(options.window_size, value, 1);
    case 'u':
      options.user = value;
      return {};
    case kCounters:
      options.counters_file = value;
      return {};
    case kCountersInterval:
      return assign(options.counters_interval, to_time(value));
    case kListening:
      options.listening_file = value;
      return {};
    case kMaxSegmentSize:
      return assign_number(options.max_segment_size, value, 1);
    case kStore:
      options.store_directory = value;
      return {};
    default:
      return Error::syntax("unknown option");
  }
}

Status set_option(SinkOptions& options, int letter, const char* argument) {
  if (set_switch(options, letter)) return {};
  const std::string_view value = argument == nullptr ? "" : argument;
  if (auto done = set_protocol(options, letter, value)) return *done;
  return set_server(options, letter, value);
}

Status set_addresses(SinkOptions& options, const std::vector<std::string>& operands) {
  if (operands.size() < 2) return Error::syntax("an address and a backlog are needed");
  const Result<int> backlog = to_number(operands.back(), 1, std::numeric_limits<int>::max());
  if (!backlog) return Error::syntax("backlog: " + backlog.error().what);
  options.backlog = *backlog;
  for (std::size_t i = 0; i + 1 < operands.size(); ++i) {
    auto address = TransportAddress::parse(operands[i], "");
    if (!address) return address.error();
    options.addresses.push_back(*std::move(address));
  }
  return {};
}

}  // namespace

Result<SinkOptions> parse_sink_options(const std::vector<std::string>& arguments) {
  SinkOptions options;
  const auto operands = read_options(
      arguments, kShortOptions, kLongOptions,
      [&](int letter, const char* value) { return set_option(options, letter, value); });
  if (!operands) return operands.error();
  if (Status set = set_addresses(options, *operands); !set) return set.error();
  const bool both = !options.store_directory.empty() && !options.dump_template.empty();
  if (both) return Error::syntax("--store excludes -d and -D");
  return options;
}

}  // namespace handoff::smtpstone
