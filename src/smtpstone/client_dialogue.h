// client_dialogue.h - one session as the message generator leads it (RFC 5321, 2033).
//
// Does no I/O: it is fed what arrived from the server and gives out what to send. One command at a
// time, HELO and no extensions: it asks of a server what the oldest of clients would. Between
// messages it waits to be told what is next.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::smtpstone {

struct OutgoingMessage {
  std::string sender;
  std::vector<std::string> recipients;
  std::string text;  // for the wire, without the final dot
};

class ClientDialogue {
 public:
  struct Manners {
    bool lmtp = false;
    bool say_hello = true;
    bool go_on_after_refusal = false;
    std::string host;
  };

  // Must outlive the dialogue.
  explicit ClientDialogue(const Manners& manners) : manners_(manners) {}

  // What arrived; what to send.
  std::string receive(std::string_view bytes);
  // Allowed when idle().
  std::string begin(OutgoingMessage message);
  std::string quit();

  [[nodiscard]] bool idle() const { return phase_ == Phase::Idle; }
  [[nodiscard]] bool over() const { return phase_ == Phase::Over; }
  // Messages that got a reply to their end, whatever it was.
  [[nodiscard]] int finished() const { return finished_; }
  // Why the session cannot go on: what was refused, and with which words.
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

 private:
  enum class Phase { Greeting, Hello, Idle, Sender, Recipient, Data, Text, Reset, Quit, Over };
  struct Reply {
    char code_class;
    std::string text;
  };

  // The next complete reply in `input_`; nothing when it has not all arrived.
  std::optional<Reply> next_reply();
  std::string on_reply(const Reply& reply);
  std::string on_recipient_answered();
  std::string on_end_of_text();
  std::string enter(Phase phase, std::string command);
  // After a refusal: give the message up, or the session.
  std::string refused(const Reply& reply);
  [[nodiscard]] std::string hello() const;
  [[nodiscard]] std::string_view what_for() const;
  void fail(std::string reason);

  const Manners& manners_;
  Phase phase_ = Phase::Greeting;
  std::string input_;
  OutgoingMessage message_;
  std::size_t answered_ = 0;  // recipients; of LMTP, replies to the text
  std::size_t accepted_ = 0;  // recipients
  int finished_ = 0;
  std::optional<std::string> failure_;
};

}  // namespace handoff::smtpstone
