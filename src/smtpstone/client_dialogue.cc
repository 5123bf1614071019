#include "smtpstone/client_dialogue.h"

#include <fmt/format.h>

#include <utility>

#include "util/text.h"

namespace handoff::smtpstone {
namespace {

constexpr std::size_t kReplyLimit = 65536;

bool has_code(std::string_view line) {
  return line.size() >= 3 && util::is_digit(line[0]) && util::is_digit(line[1]) &&
         util::is_digit(line[2]);
}

}  // namespace

std::string ClientDialogue::receive(std::string_view bytes) {
  input_ += bytes;
  std::string output;
  while (!over()) {
    const std::optional<Reply> reply = next_reply();
    if (!reply) break;
    output += on_reply(*reply);
  }
  return output;
}

std::optional<ClientDialogue::Reply> ClientDialogue::next_reply() {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = input_.find('\n', begin);
    if (end == std::string::npos) {
      if (input_.size() > kReplyLimit) fail("reply too long");
      return std::nullopt;
    }
    const std::string_view line =
        util::trim_right(std::string_view(input_).substr(begin, end - begin));
    if (!has_code(line)) {
      fail(fmt::format("bad reply: {}", util::printable(line)));
      return std::nullopt;
    }
    begin = end + 1;
    if (line.size() > 3 && line[3] == '-') continue;
    Reply reply{line[0], util::printable(line)};
    input_.erase(0, begin);
    return reply;
  }
}

std::string ClientDialogue::on_reply(const Reply& reply) {
  const char expected = phase_ == Phase::Data ? '3' : '2';
  if (phase_ == Phase::Idle) {
    fail(fmt::format("reply without a question: {}", reply.text));
    return {};
  }
  if (phase_ != Phase::Quit && phase_ != Phase::Reset && reply.code_class != expected)
    return refused(reply);
  switch (phase_) {
    case Phase::Greeting:
      return manners_.say_hello ? enter(Phase::Hello, hello()) : enter(Phase::Idle, "");
    case Phase::Hello:
    case Phase::Reset:
      return enter(Phase::Idle, "");
    case Phase::Sender:
      return enter(Phase::Recipient, fmt::format("RCPT TO:<{}>\r\n", message_.recipients.front()));
    case Phase::Recipient:
      ++accepted_;
      return on_recipient_answered();
    case Phase::Data:
      answered_ = 0;
      return enter(Phase::Text, std::move(message_.text) + ".\r\n");
    case Phase::Text:
      return on_end_of_text();
    case Phase::Quit:
      return enter(Phase::Over, "");
    case Phase::Idle:
    case Phase::Over:
      break;
  }
  return {};
}

std::string ClientDialogue::on_recipient_answered() {
  if (++answered_ < message_.recipients.size())
    return fmt::format("RCPT TO:<{}>\r\n", message_.recipients[answered_]);
  if (accepted_ == 0) {
    ++finished_;
    return enter(Phase::Reset, "RSET\r\n");
  }
  return enter(Phase::Data, "DATA\r\n");
}

std::string ClientDialogue::on_end_of_text() {
  if (manners_.lmtp && ++answered_ < accepted_) return {};  // RFC 2033, 4.2
  ++finished_;
  return enter(Phase::Idle, "");
}

std::string ClientDialogue::refused(const Reply& reply) {
  if (!manners_.go_on_after_refusal || phase_ == Phase::Greeting || phase_ == Phase::Hello ||
      reply.text.starts_with("421")) {
    fail(fmt::format("{}: {}", what_for(), reply.text));
    return {};
  }
  if (phase_ == Phase::Recipient) return on_recipient_answered();
  if (phase_ == Phase::Text) return on_end_of_text();
  ++finished_;
  return enter(Phase::Reset, "RSET\r\n");
}

std::string_view ClientDialogue::what_for() const {
  switch (phase_) {
    case Phase::Greeting:
      return "connection rejected";
    case Phase::Hello:
      return "hello rejected";
    case Phase::Sender:
      return "sender rejected";
    case Phase::Recipient:
      return "recipient rejected";
    case Phase::Data:
      return "data rejected";
    case Phase::Text:
      return "message rejected";
    case Phase::Idle:
    case Phase::Reset:
    case Phase::Quit:
    case Phase::Over:
      break;
  }
  return "unexpected reply";
}

std::string ClientDialogue::begin(OutgoingMessage message) {
  message_ = std::move(message);
  answered_ = accepted_ = 0;
  return enter(Phase::Sender, fmt::format("MAIL FROM:<{}>\r\n", message_.sender));
}

std::string ClientDialogue::quit() {
  return enter(Phase::Quit, "QUIT\r\n");
}

std::string ClientDialogue::hello() const {
  return fmt::format("{} {}\r\n", manners_.lmtp ? "LHLO" : "HELO", manners_.host);
}

std::string ClientDialogue::enter(Phase phase, std::string command) {
  phase_ = phase;
  return command;
}

void ClientDialogue::fail(std::string reason) {
  failure_ = std::move(reason);
  phase_ = Phase::Over;
}

}  // namespace handoff::smtpstone
