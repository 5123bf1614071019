// transaction.h - one message over a session that is ready for it: from MAIL FROM to the dot.
//
// Two cursors walk through the same phases: what has been said, and what has been answered. With
// PIPELINING (RFC 2920) the first runs ahead, by 4096 bytes at most: a client that does not read
// while it writes must not say more than the buffers between it and the server can hold. The
// replies to the envelope are all in before any text is sent.
//
// Address probes stop after the recipients (or after DATA). A session that will not be used again
// ends with QUIT, sent along with the dot.
#pragma once

#include <functional>
#include <vector>

#include "global/delivery_request.h"
#include "global/params.h"
#include "smtp/dialogue.h"
#include "smtp/envelope_commands.h"

namespace handoff::smtp {

class Transaction final : public Dialogue {
 public:
  // The commands of a group that were not answered yet, in bytes.
  static constexpr std::size_t kWindow = 4096;

  struct Plan {
    std::vector<std::size_t> recipients;  // indices into the request's, at least one
    BodyForm body;
    // Is anybody going to use the session after this? Asked when it has to be decided.
    std::function<bool()> reusable;
  };

  // `request` and `params` must outlive the transaction.
  Transaction(SessionState& session, const global::DeliveryRequest& request,
              const global::Params& params, Plan plan);

  Step next() override;
  [[nodiscard]] std::chrono::seconds limit() const override;

  // What became of SendBody. The text has been handed over, without the final dot:
  void on_body_sent();
  // ... or the server went away meanwhile; it may have left a reply that tells why,
  void on_body_interrupted(Silence why);
  // ... or there is no text to be had: nothing may be said any more.
  void on_body_unreadable(global::Dsn dsn);

  // Firewalls that lose a dot unless it comes alone and late (smtp_pix_workarounds).
  [[nodiscard]] bool dot_wants_delay() const { return session_.has(feature::kPixDelayDotCrlf); }

 private:
  enum class Phase { XforwardClient, XforwardProtocol, Mail, Rcpt, Data, Dot, Abort, Quit, Last };
  struct Cursor {
    Phase phase = Phase::XforwardClient;
    std::size_t recipient = 0;  // index into plan_.recipients
    auto operator<=>(const Cursor&) const = default;
  };
  struct PhaseText {
    std::string_view doing;        // "sending MAIL FROM"
    std::string_view in_reply_to;  // "MAIL FROM command"
  };

  void on_reply(const Reply& reply) override;
  void on_lost(Silence why) override;

  bool refused_beforehand();
  [[nodiscard]] bool probing() const { return request_.no_delivery(); }
  [[nodiscard]] bool must_wait(std::size_t command_size) const;
  [[nodiscard]] bool in_vain() const;
  [[nodiscard]] std::string command() const;
  [[nodiscard]] bool skipped(Phase phase) const;
  [[nodiscard]] Cursor after(Cursor cursor) const;
  [[nodiscard]] Phase after_recipients() const;
  void abort();
  void finish() { said_ = answered_ = {Phase::Last, 0}; }
  void decide_on_reuse();
  void skip_reply_to_quit();

  void on_xforward_reply(const Reply& reply);
  void on_mail_reply(const Reply& reply);
  void on_rcpt_reply(const Reply& reply);
  void on_data_reply(const Reply& reply);
  void on_dot_reply(const Reply& reply);
  void on_last_words(const Reply& reply);
  void accept_all(const Reply& reply);
  global::Dsn delivered(const Reply& reply, std::string reason) const;
  global::Dsn rejection(const Reply& reply);
  [[nodiscard]] static PhaseText text(Phase phase);

  const global::DeliveryRequest& request_;
  const global::Params& params_;
  Plan plan_;
  Cursor said_;
  Cursor answered_;
  std::vector<std::size_t> accepted_;  // indices into the request's recipients
  bool started_ = false;
  bool mail_rejected_ = false;
  bool data_rejected_ = false;
  bool body_sent_ = false;
  bool hung_up_ = false;  // in the middle of the text; maybe with a last word
  bool quit_ = false;     // instead of keeping the session
};

}  // namespace handoff::smtp
