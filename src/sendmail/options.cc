#include "sendmail/options.h"

#include <unistd.h>

#include <string_view>

#include "global/mail_proto.h"
#include "sendmail/fail.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::sendmail {
namespace {

using util::equal_ignoring_case;
using Mode = Options::Mode;
namespace notify = global::notify;

// "+": options end at the first recipient; ":": a missing argument is told apart. Those without an
// effect are accepted for old programs.
constexpr const char* kOptionLetters = "+:A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:q::r:tvx";

int parse_notify(std::string_view text) {
  int mask = 0;
  for (const std::string_view word : util::split(text, ", ")) {
    if (equal_ignoring_case(word, "never")) {
      mask |= notify::kNever;
    } else if (equal_ignoring_case(word, "success")) {
      mask |= notify::kSuccess;
    } else if (equal_ignoring_case(word, "failure")) {
      mask |= notify::kFailure;
    } else if (equal_ignoring_case(word, "delay")) {
      mask |= notify::kDelay;
    } else {
      msg::warn("unknown DSN NOTIFY command value \"{}\" in \"{}\"", util::printable(word),
                util::printable(text));
      mask = -1;
      break;
    }
  }
  const bool never_and_more = (mask & notify::kNever) != 0 && mask != notify::kNever;
  if (mask > 0 && !never_and_more) return mask;
  msg::warn("bad -N option value -- ignored");
  return 0;
}

int parse_ret(std::string_view text) {
  if (equal_ignoring_case(text, "full")) return global::ret::kFull;
  if (equal_ignoring_case(text, "hdrs")) return global::ret::kHeaders;
  msg::warn("bad -R option value -- ignored");
  return 0;
}

// Long ago, -V was what -XV is now.
void take_envelope_id(Options& options, std::string_view text) {
  if (text.size() != 2 || text.find_first_not_of("-=+") != std::string_view::npos)
    return (void)(options.envelope_id = text);
  msg::warn("option -V{} is deprecated with Postfix 2.3; specify -XV{} instead", text, text);
  options.verp_delimiters = text;
}

std::string parse_encoding(std::string_view text) {
  if (equal_ignoring_case(text, "8BITMIME")) return std::string(global::encoding::k8Bit);
  if (equal_ignoring_case(text, "7BIT")) return std::string(global::encoding::k7Bit);
  fail("-B option needs 8BITMIME or 7BIT");
}

Mode parse_mode(std::string_view mode) {
  if (mode == "m") return Mode::Submit;
  if (mode == "p") return Mode::ListQueue;
  if (mode == "i" || mode == "I") return Mode::NewAliases;
  fail("unsupported: -b{}", mode);
}

// "-oi", "-o8", "-O name=value": most are for other mail systems.
void take_old_option(Options& options, std::string_view text) {
  if (text == "i") options.ignore_dots = true;
}

void take_queue_option(Options& options, const char* argument) {
  options.mode = Mode::FlushQueue;
  if (argument == nullptr) return;
  // "-q30m": another mail system's way to say how often the queue is run.
  if (util::is_digit(argument[0])) {
    options.mode = Mode::NewAliases;  // nothing to do
    return;
  }
  fail("unsupported: -q{}", argument);
}

// "-XV[delimiters]"; "-X logfile" is for other mail systems.
void take_x_option(Options& options, std::string_view text) {
  if (!text.starts_with('V')) fail("unsupported: -X{}", text.substr(0, 1));
  options.verp_delimiters = text.size() > 1 ? text.substr(1) : Options::kDefaultVerp;
}

void take(Options& options, int letter, const char* argument) {
  switch (letter) {
    case 'B':
      options.encoding = parse_encoding(argument);
      return;
    case 'C':
      options.config_directory = argument;
      return;
    case 'F':
      options.full_name = argument;
      return;
    case 'G':
      options.gateway = true;
      return;
    case 'I':
      options.mode = Mode::NewAliases;
      return;
    case 'N':
      options.notify = parse_notify(argument);
      return;
    case 'R':
      options.ret = parse_ret(argument);
      return;
    case 'V':
      return take_envelope_id(options, argument);
    case 'X':
      return take_x_option(options, argument);
    case 'b':
      options.mode = parse_mode(argument);
      return;
    case 'f':
    case 'r':
      options.has_sender = true;
      options.sender = argument;
      return;
    case 'i':
      options.ignore_dots = true;
      return;
    case 'n':
      fail("-n option not supported");
    case 'o':
      return take_old_option(options, argument);
    case 'q':
      return take_queue_option(options, argument);
    case 't':
      options.extract_recipients = true;
      return;
    case 'v':
      ++options.verbose;
      return;
    case '?':
    case ':':
      msg::warn("{} -- '{}'", letter == '?' ? "invalid option" : "option requires an argument",
                static_cast<char>(optopt));
      fail("usage: sendmail [options]");
    default:
      return;  // accepted, and without an effect
  }
}

}  // namespace

Options parse_options(const std::string& program, int argc, char** argv) {
  Options options;
  if (program == "mailq") options.mode = Mode::ListQueue;
  if (program == "newaliases") options.mode = Mode::NewAliases;
  opterr = 0;
  for (int letter; (letter = getopt(argc, argv, kOptionLetters)) != -1;)
    take(options, letter, optarg);
  options.recipients.assign(argv + optind, argv + argc);
  if (options.mode == Mode::FlushQueue && !options.recipients.empty())
    fail("flush queue mode requires no recipient");
  if (options.extract_recipients && options.mode != Mode::Submit)
    fail("-t can be used only in delivery mode");
  return options;
}

}  // namespace handoff::sendmail
