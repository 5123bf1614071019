#include "smtp/small_dialogues.h"

namespace handoff::smtp {

RsetProbe::RsetProbe(SessionState& session, const global::Params& params)
    : Dialogue(session, "RSET probe"), params_(params) {}

Dialogue::Step RsetProbe::next() {
  if (phase_ == Phase::Start) {
    say("RSET");
    phase_ = Phase::Asked;
  }
  return phase_ == Phase::Asked ? Step::ReadReply : Step::Finished;
}

void RsetProbe::on_reply(const Reply& reply) {
  phase_ = reply.is_class(2) ? Phase::Alive : Phase::Dead;
}

void RsetProbe::on_lost(Silence /*why*/) {
  phase_ = Phase::Dead;
}

Farewell::Farewell(SessionState& session, const global::Params& params)
    : Dialogue(session, "QUIT"), params_(params) {}

Dialogue::Step Farewell::next() {
  if (phase_ == Phase::Start) {
    session_.life.do_not_cache();
    say("QUIT");
    phase_ = params_.smtp_skip_quit_response ? Phase::Done : Phase::Asked;
  }
  return phase_ == Phase::Asked ? Step::ReadReply : Step::Finished;
}

void Farewell::on_reply(const Reply& /*reply*/) {
  phase_ = Phase::Done;
}

void Farewell::on_lost(Silence /*why*/) {
  phase_ = Phase::Done;
}

}  // namespace handoff::smtp
