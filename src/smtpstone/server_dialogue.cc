#include "smtpstone/server_dialogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtpstone {
namespace {

constexpr std::size_t kCommandLineLimit = 4096;
// RFC 3030 sets none; more than this in one chunk is taken for a mistake.
constexpr std::uint64_t kChunkLimit = std::uint64_t{1} << 40;

constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
constexpr std::string_view kShutDown = "421 4.0.0 Server closing connection\r\n";
constexpr std::string_view kTooBig = "552 5.3.4 Error: message file too big\r\n";

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// "FROM:<a@b> SIZE=1" -> "<a@b> SIZE=1"
std::string_view without_keyword(std::string_view arguments, std::string_view keyword) {
  if (util::starts_with_ignoring_case(arguments, keyword)) arguments.remove_prefix(keyword.size());
  return util::trim(arguments);
}

std::optional<std::uint64_t> to_count(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// The value of "SIZE=n" among the parameters of MAIL (RFC 1870).
std::uint64_t announced_size(std::string_view arguments) {
  for (std::string_view word = util::next_word(arguments); !word.empty();
       word = util::next_word(arguments)) {
    if (util::starts_with_ignoring_case(word, "SIZE=")) return to_count(word.substr(5)).value_or(0);
  }
  return 0;
}

}  // namespace

ServerDialogue::ServerDialogue(const Policy& policy, Tally& tally, const Dice& dice,
                               MessageStore* store, std::string client_address)
    : policy_(policy), tally_(tally), dice_(dice), store_(store) {
  envelope_.client = std::move(client_address);
}

void ServerDialogue::greet(Steps& steps) {
  if (!permit(Command::Connect, steps)) return;
  if (policy_.pix_greeting) return steps.say("220 ********\r\n");
  steps.say(fmt::format("220 {}{}\r\n", policy_.host, policy_.esmtp ? " ESMTP" : ""));
}

std::optional<Command> ServerDialogue::receive(std::string_view bytes, Steps& steps) {
  first_answered_.reset();
  while (phase_ != Phase::Over && !bytes.empty()) {
    switch (phase_) {
      case Phase::Command:
        receive_command(bytes, steps);
        break;
      case Phase::SkipLine:
        skip_line(bytes, steps);
        break;
      case Phase::Text:
        receive_text(bytes, steps);
        break;
      case Phase::Chunk:
        receive_chunk(bytes, steps);
        break;
      case Phase::Over:
        break;
    }
  }
  return first_answered_;
}

void ServerDialogue::time_out(Steps& steps) {
  ++tally_.timed_out;
  steps.say(fmt::format("421 4.4.2 {} Error: timeout exceeded\r\n", policy_.host));
  hang_up(steps);
}

void ServerDialogue::receive_command(std::string_view& bytes, Steps& steps) {
  const std::size_t lf = bytes.find('\n');
  if (lf == std::string_view::npos) {
    partial_ += bytes;
    bytes = {};
    if (partial_.size() > kCommandLineLimit) phase_ = Phase::SkipLine;
    return;
  }
  const std::string_view end = bytes.substr(0, lf + 1);
  bytes.remove_prefix(lf + 1);
  if (partial_.empty()) return on_line(without_line_end(end), steps);
  const std::string line = std::exchange(partial_, {}) + std::string(end);
  on_line(without_line_end(line), steps);
}

void ServerDialogue::skip_line(std::string_view& bytes, Steps& steps) {
  const std::size_t lf = bytes.find('\n');
  if (lf == std::string_view::npos) {
    bytes = {};
    return;
  }
  bytes.remove_prefix(lf + 1);
  partial_.clear();
  phase_ = Phase::Command;
  ++tally_.commands[Command::Unknown];
  ++tally_.refused;
  if (!first_answered_) first_answered_ = Command::Unknown;
  steps.say("500 5.5.2 Error: line too long\r\n");
}

void ServerDialogue::on_line(std::string_view line, Steps& steps) {
  std::string_view arguments = line;
  const std::string_view verb = util::next_word(arguments);
  const Command command = recognize(verb);
  msg::debug("{}: < {}", envelope_.client, line);

  if (!first_answered_) first_answered_ = command;
  const bool enough = policy_.messages_per_connection > 0 &&
                      messages_ >= policy_.messages_per_connection && command != Command::Quit;
  if (enough) {
    ++tally_.commands[command];
    ++tally_.shut_down;
    steps.say("421 4.7.0 Error: too many messages on this connection\r\n");
    return hang_up(steps);
  }
  if (command == Command::Unknown) {
    ++tally_.commands[command];
    ++tally_.refused;
    return steps.say(verb.empty() ? "500 5.5.2 Error: unknown command\r\n"
                                  : "500 5.5.1 Error: unknown command\r\n");
  }
  // A refused BDAT is followed by its octets all the same; it is judged where they are counted.
  if (command == Command::Bdat || permit(command, steps))
    dispatch(command, util::trim(arguments), steps);
}

Command ServerDialogue::recognize(std::string_view verb) const {
  const std::optional<Command> known = command_named(verb);
  if (!known) return Command::Unknown;
  switch (*known) {
    case Command::Connect:
    case Command::EndOfText:
      return Command::Unknown;
    case Command::Helo:
      return policy_.lmtp ? Command::Unknown : *known;
    case Command::Ehlo:
      return policy_.lmtp || !policy_.esmtp ? Command::Unknown : *known;
    case Command::Lhlo:
      return policy_.lmtp ? *known : Command::Unknown;
    case Command::Bdat:
      return policy_.offer_chunking ? *known : Command::Unknown;
    default:
      return *known;
  }
}

void ServerDialogue::dispatch(Command command, std::string_view arguments, Steps& steps) {
  switch (command) {
    case Command::Helo:
    case Command::Ehlo:
    case Command::Lhlo:
      return on_hello(command, arguments, steps);
    case Command::Mail:
      return on_mail(arguments, steps);
    case Command::Rcpt:
      return on_rcpt(arguments, steps);
    case Command::Data:
      return on_data(steps);
    case Command::Bdat:
      return on_bdat(arguments, steps);
    case Command::Rset:
      return on_rset(steps);
    case Command::Quit:
      return on_quit(steps);
    case Command::Noop:
    case Command::Vrfy:
    case Command::Auth:
    case Command::Xclient:
    case Command::Xforward:
      return steps.say(kOk);
    case Command::Connect:
    case Command::EndOfText:
    case Command::Unknown:
      break;  // never come as a command line
  }
}

bool ServerDialogue::permit(Command command, Steps& steps) {
  ++tally_.commands[command];
  const Rule& rule = policy_.rules[command];
  if (rule == Rule{}) return true;

  if (rule.log) msg::info("{}: {}", envelope_.client, name(command));
  std::chrono::milliseconds wait = rule.wait;
  if (wait.count() > 0)
    while (chance(rule.wait_again)) wait += rule.wait;
  steps.wait(wait);

  if (chance(rule.hang_up)) {
    ++tally_.shut_down;
    hang_up(steps);
    return false;
  }
  if (chance(rule.shut_down)) {
    ++tally_.shut_down;
    steps.say(kShutDown);
    hang_up(steps);
    return false;
  }
  const bool hard = chance(rule.refuse_hard);
  if (!hard && !chance(rule.refuse_soft)) return true;
  ++tally_.refused;
  const std::string reply = (hard ? policy_.hard_reply : policy_.soft_reply) + "\r\n";
  const bool for_each = policy_.lmtp && command == Command::EndOfText;  // RFC 2033, 4.2
  for (std::size_t i = for_each ? envelope_.recipients.size() : 1; i > 0; --i) steps.say(reply);
  return false;
}

bool ServerDialogue::chance(int percentage) {
  return percentage > 0 && (percentage >= 100 || dice_() < percentage);
}

void ServerDialogue::hang_up(Steps& steps) {
  writer_.reset();
  phase_ = Phase::Over;
  steps.hang_up();
}

void ServerDialogue::on_hello(Command command, std::string_view arguments, Steps& steps) {
  reset();
  envelope_.helo = arguments;
  if (command == Command::Helo) {
    envelope_.protocol = "SMTP";
    return steps.say(fmt::format("250 {}\r\n", policy_.host));
  }
  envelope_.protocol = policy_.lmtp ? "LMTP" : "ESMTP";
  steps.say(fmt::format("250-{}\r\n", policy_.host));
  if (policy_.offer_pipelining) steps.say("250-PIPELINING\r\n");
  if (policy_.offer_8bitmime) steps.say("250-8BITMIME\r\n");
  if (policy_.offer_size) steps.say(fmt::format("250-SIZE {}\r\n", policy_.message_size_limit));
  if (policy_.offer_auth) steps.say("250-AUTH PLAIN LOGIN\r\n");
  if (policy_.offer_xclient) steps.say("250-XCLIENT NAME HELO\r\n");
  if (policy_.offer_xforward) steps.say("250-XFORWARD NAME ADDR PROTO HELO\r\n");
  if (policy_.offer_enhanced_status_codes) steps.say("250-ENHANCEDSTATUSCODES\r\n");
  if (policy_.offer_dsn) steps.say("250-DSN\r\n");
  if (policy_.offer_smtputf8) steps.say("250-SMTPUTF8\r\n");
  if (policy_.offer_chunking) steps.say("250-CHUNKING\r\n");
  steps.say("250 \r\n");
}

void ServerDialogue::on_mail(std::string_view arguments, Steps& steps) {
  if (have_mail_) {
    ++tally_.refused;
    return steps.say("503 5.5.1 Error: nested MAIL command\r\n");
  }
  const std::uint64_t limit = policy_.offer_size ? policy_.message_size_limit : 0;
  if (limit > 0 && announced_size(arguments) > limit) {
    ++tally_.refused;
    return steps.say(kTooBig);
  }
  have_mail_ = true;
  envelope_.mail = without_keyword(arguments, "FROM:");
  steps.say("250 2.1.0 Ok\r\n");
}

void ServerDialogue::on_rcpt(std::string_view arguments, Steps& steps) {
  if (!have_mail_) {
    ++tally_.refused;
    return steps.say("503 5.5.1 Error: need MAIL command\r\n");
  }
  envelope_.recipients.emplace_back(without_keyword(arguments, "TO:"));
  steps.say("250 2.1.5 Ok\r\n");
}

void ServerDialogue::on_rset(Steps& steps) {
  reset();
  steps.say("250 2.1.0 Ok\r\n");
}

void ServerDialogue::on_quit(Steps& steps) {
  ++tally_.quits;
  steps.say("221 Bye\r\n");
  hang_up(steps);
}

void ServerDialogue::on_data(Steps& steps) {
  if (envelope_.recipients.empty() || in_message_) {  // no DATA after BDAT: RFC 3030, 3
    ++tally_.refused;
    return steps.say(in_message_ ? "503 5.5.1 Error: DATA after BDAT\r\n"
                                 : "503 5.5.1 Error: need RCPT command\r\n");
  }
  steps.say("354 End data with <CR><LF>.<CR><LF>\r\n");
  if (policy_.break_off_text) {
    ++tally_.shut_down;
    steps.wait(*policy_.break_off_text);
    steps.say("550 This violates SMTP\r\n");
    return hang_up(steps);
  }
  steps.pause_reading(policy_.text_pause);
  begin_message();
  text_ = {};
  phase_ = Phase::Text;
}

void ServerDialogue::receive_text(std::string_view& bytes, Steps& steps) {
  bytes.remove_prefix(text_.decode(bytes, [this](std::string_view run) { take_text(run); }));
  if (!text_.ended()) return;
  phase_ = Phase::Command;
  if (!first_answered_) first_answered_ = Command::EndOfText;
  if (permit(Command::EndOfText, steps))
    end_of_message(steps);
  else if (!over())
    reset();
}

// "BDAT 1000", "BDAT 86 LAST". Where the number cannot be read, nobody knows where the next command
// begins: RFC 3030 leaves nothing but to hang up.
void ServerDialogue::on_bdat(std::string_view arguments, Steps& steps) {
  const std::optional<std::uint64_t> size = to_count(util::next_word(arguments));
  const std::string_view last = util::next_word(arguments);
  const bool well_formed = size && *size <= kChunkLimit && util::trim(arguments).empty() &&
                           (last.empty() || util::equal_ignoring_case(last, "LAST"));
  if (!well_formed) {
    ++tally_.commands[Command::Bdat];
    ++tally_.refused;
    ++tally_.shut_down;
    steps.say("501 5.5.4 Syntax: BDAT count [LAST]\r\n");
    return hang_up(steps);
  }
  chunk_left_ = *size;
  last_chunk_ = !last.empty();
  chunk_refused_ = envelope_.recipients.empty();
  if (!chunk_refused_ && !in_message_) begin_message();
  phase_ = Phase::Chunk;
  if (chunk_left_ == 0) end_of_chunk(steps);
}

void ServerDialogue::receive_chunk(std::string_view& bytes, Steps& steps) {
  const std::size_t size = std::min<std::uint64_t>(chunk_left_, bytes.size());
  if (!chunk_refused_) take_text(bytes.substr(0, size));
  bytes.remove_prefix(size);
  chunk_left_ -= size;
  if (chunk_left_ > 0) return;
  if (!first_answered_) first_answered_ = Command::Bdat;
  end_of_chunk(steps);
}

void ServerDialogue::end_of_chunk(Steps& steps) {
  phase_ = Phase::Command;
  if (!permit(Command::Bdat, steps)) {
    if (!over()) reset();
    return;
  }
  if (chunk_refused_) {
    ++tally_.refused;
    return steps.say("503 5.5.1 Error: need RCPT command\r\n");
  }
  if (last_chunk_) return end_of_message(steps);
  steps.say(kOk);
}

void ServerDialogue::begin_message() {
  in_message_ = true;
  text_size_ = 0;
  store_failed_ = false;
  if (store_ == nullptr) return;
  auto writer = store_->begin(envelope_);
  if (!writer) {
    msg::warn("{}", writer.error().what);
    store_failed_ = true;
    return;
  }
  writer_ = *std::move(writer);
}

void ServerDialogue::take_text(std::string_view text) {
  text_size_ += text.size();
  if (writer_) writer_->append(text);
}

void ServerDialogue::end_of_message(Steps& steps) {
  const std::string reply = end_reply();
  const std::size_t replies = policy_.lmtp ? envelope_.recipients.size() : 1;  // RFC 2033, 4.2
  for (std::size_t i = 0; i < replies; ++i) steps.say(reply);
  reset();
}

std::string ServerDialogue::end_reply() {
  const bool too_big = policy_.offer_size && policy_.message_size_limit > 0 &&
                       text_size_ > policy_.message_size_limit;
  if (too_big) {
    ++tally_.refused;
    return std::string(kTooBig);
  }
  if (writer_) {
    if (util::Status stored = writer_->commit(); !stored) {
      msg::warn("{}", stored.error().what);
      store_failed_ = true;
    }
  }
  if (store_failed_) {
    ++tally_.refused;
    return "451 4.3.0 Error: cannot store the message\r\n";
  }
  ++messages_;
  ++tally_.messages;
  tally_.recipients += envelope_.recipients.size();
  tally_.bytes_of_text += text_size_;
  return policy_.lmtp ? "250 2.2.0 Ok\r\n" : std::string(kOk);
}

void ServerDialogue::reset() {
  have_mail_ = false;
  in_message_ = false;
  envelope_.mail.clear();
  envelope_.recipients.clear();
  writer_.reset();
}

}  // namespace handoff::smtpstone
