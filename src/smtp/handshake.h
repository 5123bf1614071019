// handshake.h - from the server's greeting to knowing what it can do (RFC 5321, 3.1 and 3.2).
//
// EHLO, and HELO on the same connection where EHLO is not understood. Ends with the session's
// features filled in, or with one outcome at site level.
#pragma once

#include "global/params.h"
#include "smtp/capabilities.h"
#include "smtp/dialogue.h"

namespace handoff::smtp {

class Handshake final : public Dialogue {
 public:
  // Everything must outlive the handshake.
  Handshake(SessionState& session, const global::Params& params, const DiscardedKeywords& discarded,
            std::string queue_id);

  Step next() override;
  [[nodiscard]] std::chrono::seconds limit() const override { return params_.smtp_helo_timeout; }
  // After Finished: may mail be sent?
  [[nodiscard]] bool succeeded() const { return phase_ == Phase::Ready; }

 private:
  enum class Phase { Greeting, Ehlo, Helo, Ready, Failed };

  void on_reply(const Reply& reply) override;
  void on_lost(Silence why) override;
  void on_greeting(const Reply& reply);
  void on_ehlo(const Reply& reply);
  void on_helo(const Reply& reply);
  void read_greeting(const std::string& text);
  void learn(const Reply& reply);
  void refuse(const Reply& reply);
  [[nodiscard]] bool is_myself(std::string_view host) const;
  void say_hello(Phase phase);

  const global::Params& params_;
  const DiscardedKeywords& discarded_;
  Phase phase_ = Phase::Greeting;
};

}  // namespace handoff::smtp
