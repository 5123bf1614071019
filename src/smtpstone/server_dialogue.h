// server_dialogue.h - one session as the test server leads it (RFC 5321, 1854, 2033, 2920, 3030).
//
// Does no I/O: it is fed what arrived from the client and answers with steps for its driver. A
// server for measuring clients, not for receiving mail: it believes every address and argument.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "smtpstone/command.h"
#include "smtpstone/dot_text.h"
#include "smtpstone/message_store.h"
#include "smtpstone/policy.h"
#include "smtpstone/steps.h"
#include "smtpstone/tally.h"

namespace handoff::smtpstone {

class ServerDialogue {
 public:
  using Dice = std::function<int()>;  // 0 to 99

  // All but the address must outlive the dialogue; without a store, messages are thrown away.
  ServerDialogue(const Policy& policy, Tally& tally, const Dice& dice, MessageStore* store,
                 std::string client_address);

  void greet(Steps& steps);
  // What arrived, in pieces of any size. The first command that got an answer, if one did.
  std::optional<Command> receive(std::string_view bytes, Steps& steps);
  // The client was silent for too long.
  void time_out(Steps& steps);

  [[nodiscard]] bool over() const { return phase_ == Phase::Over; }
  [[nodiscard]] int messages() const { return messages_; }

 private:
  enum class Phase { Command, SkipLine, Text, Chunk, Over };

  void receive_command(std::string_view& bytes, Steps& steps);
  void receive_text(std::string_view& bytes, Steps& steps);
  void receive_chunk(std::string_view& bytes, Steps& steps);
  void skip_line(std::string_view& bytes, Steps& steps);

  void on_line(std::string_view line, Steps& steps);
  void dispatch(Command command, std::string_view arguments, Steps& steps);
  void on_hello(Command command, std::string_view arguments, Steps& steps);
  void on_mail(std::string_view arguments, Steps& steps);
  void on_rcpt(std::string_view arguments, Steps& steps);
  void on_data(Steps& steps);
  void on_bdat(std::string_view arguments, Steps& steps);
  void on_rset(Steps& steps);
  void on_quit(Steps& steps);
  void end_of_chunk(Steps& steps);
  void end_of_message(Steps& steps);

  [[nodiscard]] Command recognize(std::string_view verb) const;
  // Whether the command goes on; if not, the refusal has been said.
  bool permit(Command command, Steps& steps);
  bool chance(int percentage);
  void hang_up(Steps& steps);
  void begin_message();
  void take_text(std::string_view text);
  [[nodiscard]] std::string end_reply();
  void reset();

  const Policy& policy_;
  Tally& tally_;
  const Dice& dice_;
  MessageStore* store_;

  Phase phase_ = Phase::Command;
  std::string partial_;  // a command line that has not yet ended
  std::optional<Command> first_answered_;

  Envelope envelope_;
  bool have_mail_ = false;
  int messages_ = 0;

  DotText text_;
  std::unique_ptr<MessageWriter> writer_;
  bool in_message_ = false;  // between the first byte of text and the end of it
  bool store_failed_ = false;
  std::uint64_t text_size_ = 0;
  std::uint64_t chunk_left_ = 0;
  bool last_chunk_ = false;
  bool chunk_refused_ = false;
};

}  // namespace handoff::smtpstone
