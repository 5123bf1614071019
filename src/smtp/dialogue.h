// dialogue.h - the protocol engines: what the client says, given what the server says.
//
// A Dialogue does no I/O and has no clock. Whoever drives it (conversation.h, or a test with a
// script) repeats: ask next(); send take_output(); then, for ReadReply, feed lines until the engine
// has its reply. What became of recipients comes out of take_outcomes(), in the order in which it
// became known.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "global/dsn.h"
#include "smtp/reply.h"
#include "smtp/session_state.h"

namespace handoff::smtp {

// Why no reply came.
enum class Silence { Timeout, Closed };

struct Outcome {
  enum class Kind { Sent, Failed };
  // Whom a failure concerns: one recipient, all that are not settled yet, or those and the site,
  // which the queue manager should then leave alone for a while (spec/smtp-client.md 3.9).
  enum class Level { Recipient, Message, Site };

  Kind kind = Kind::Failed;
  Level level = Level::Recipient;
  std::size_t recipient = 0;  // index into the request's recipients, for Level::Recipient
  global::Dsn dsn;
};

class Dialogue {
 public:
  enum class Step {
    ReadReply,  // send the output, then feed on_line() until it returns true, or on_silence()
    SendBody,   // the message, then Transaction::on_body_sent()
    Finished,   // send the output, if any
  };

  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;
  virtual ~Dialogue() = default;

  virtual Step next() = 0;
  // What was said since the last call.
  std::string take_output();
  // How long to wait for the reply that next() asked for.
  [[nodiscard]] virtual std::chrono::seconds limit() const = 0;

  // True when `line` was the last of a reply. Its terminator is gone.
  bool on_line(std::string_view line);
  void on_silence(Silence why);

  std::vector<Outcome> take_outcomes();
  // After silence: nothing more can be said on this connection.
  [[nodiscard]] bool connection_lost() const { return connection_lost_; }

 protected:
  // `session` must outlive the dialogue. `queue_id` is for the log.
  Dialogue(SessionState& session, std::string queue_id);

  virtual void on_reply(const Reply& reply) = 0;
  virtual void on_lost(Silence why) = 0;

  void say(std::string_view command);
  void lose_connection() { connection_lost_ = true; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::string& queue_id() const { return queue_id_; }
  void succeed(std::size_t recipient, global::Dsn dsn);
  void fail_recipient(std::size_t recipient, global::Dsn dsn);
  void fail_message(global::Dsn dsn);
  void fail_site(global::Dsn dsn);  // also throttles the session

  // The remote reply as the reason of a failure; a reply that makes no sense there forbids caching.
  global::Dsn refusal(const Reply& reply, std::string reason);
  // "lost connection with ... while DOING".
  [[nodiscard]] global::Dsn silence(Silence why, std::string_view doing) const;

  SessionState& session_;

 private:
  void on_garbage(std::string_view line);

  std::string queue_id_;
  std::string output_;
  ReplyCollector reply_;
  std::vector<Outcome> outcomes_;
  bool connection_lost_ = false;
};

// "host NAME[ADDR] said: REPLY (in reply to MAIL FROM command)".
std::string said(const Server& server, const Reply& reply, std::string_view in_reply_to);
// Who said what, for delivery status notifications.
global::Dsn remote_status(const Server& server, const Reply& reply);

}  // namespace handoff::smtp
