// small_dialogues.h - single commands around a transaction: is the session alive, and goodbye.
#pragma once

#include "global/params.h"
#include "smtp/dialogue.h"

namespace handoff::smtp {

// RSET on a session that somebody else left in the cache. Fails silently: nobody's mail is
// concerned yet.
class RsetProbe final : public Dialogue {
 public:
  RsetProbe(SessionState& session, const global::Params& params);

  Step next() override;
  [[nodiscard]] std::chrono::seconds limit() const override { return params_.smtp_rset_timeout; }
  [[nodiscard]] bool succeeded() const { return phase_ == Phase::Alive; }

 private:
  enum class Phase { Start, Asked, Alive, Dead };
  void on_reply(const Reply& reply) override;
  void on_lost(Silence why) override;

  const global::Params& params_;
  Phase phase_ = Phase::Start;
};

// QUIT; the reply is awaited unless smtp_skip_quit_response. The session is not cached afterwards.
class Farewell final : public Dialogue {
 public:
  Farewell(SessionState& session, const global::Params& params);

  Step next() override;
  [[nodiscard]] std::chrono::seconds limit() const override { return params_.smtp_quit_timeout; }

 private:
  enum class Phase { Start, Asked, Done };
  void on_reply(const Reply& reply) override;
  void on_lost(Silence why) override;

  const global::Params& params_;
  Phase phase_ = Phase::Start;
};

}  // namespace handoff::smtp
