// conversation.h - connects a protocol engine (dialogue.h) to a connection.
//
// Blocking; each wait is bounded by what the engine says (smtp_..._timeout), or, with
// smtp_per_request_deadline, each whole reply is.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "global/params.h"
#include "smtp/dialogue.h"
#include "smtp/transaction.h"
#include "util/result.h"
#include "util/stream.h"

namespace handoff::smtp {

// Where the text of a message comes from.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;

  // The next piece in wire form; empty at the end. Error: the queue file cannot be read.
  virtual util::Result<std::string_view> next() = 0;
  // A pause between the text and the dot, for broken firewalls; usually none.
  [[nodiscard]] virtual std::chrono::seconds pause_before_dot() const = 0;
};

class Conversation {
 public:
  using Settle = std::function<void(std::vector<Outcome>)>;

  // All must outlive the conversation.
  Conversation(util::Stream& stream, const Server& server, const global::Params& params);

  // Until the dialogue is finished. `settle` gets its outcomes as they become known.
  void run(Dialogue& dialogue, const Settle& settle);
  void run(Transaction& transaction, BodySource& body, const Settle& settle);

  // Nothing was lost and nothing unexpected has come: somebody else may go on from here.
  [[nodiscard]] bool quiet() const { return !stream_.failed() && stream_.unread().empty(); }

 private:
  using Clock = std::chrono::steady_clock;

  void send_output(Dialogue& dialogue);
  void read_reply(Dialogue& dialogue);
  util::Result<std::string> read_line();
  void send_body(Transaction& transaction, BodySource& body);
  util::Status write_body(std::string_view bytes);
  void hang_up_but_listen();
  void start_clock(std::chrono::seconds limit);
  bool set_limit();  // false: the time is up

  util::Stream& stream_;
  const Server& server_;
  const global::Params& params_;
  std::chrono::seconds limit_{};
  Clock::time_point deadline_;
};

}  // namespace handoff::smtp
