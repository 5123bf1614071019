#include "smtp/transaction.h"

#include <fmt/format.h>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtp {

using global::Dsn;

Transaction::Transaction(SessionState& session, const global::DeliveryRequest& request,
                         const global::Params& params, Plan plan)
    : Dialogue(session, request.queue_id),
      request_(request),
      params_(params),
      plan_(std::move(plan)) {}

// --- What to say next.

Dialogue::Step Transaction::next() {
  if (!std::exchange(started_, true) && refused_beforehand()) return Step::Finished;
  while (answered_.phase != Phase::Last) {
    if (skipped(said_.phase)) {
      const bool together = said_ == answered_;
      said_ = after(said_);
      if (together) answered_ = said_;
      continue;
    }
    const std::string line = command();
    if (must_wait(line.size())) return Step::ReadReply;
    if (in_vain()) {
      abort();
      continue;
    }
    if (said_.phase == Phase::Dot && !accepted_.empty() && !body_sent_) return Step::SendBody;
    if (said_.phase == Phase::Dot || said_.phase == Phase::Abort) decide_on_reuse();
    say(line);
    said_ = after(said_);
    skip_reply_to_quit();
  }
  return Step::Finished;
}

// What we know without asking: impossible addresses, and what the server said when it introduced
// itself.
bool Transaction::refused_beforehand() {
  const std::string server = session_.server.name();
  std::erase_if(plan_.recipients, [this](std::size_t recipient) {
    const bool impossible = !fits_a_command(request_.recipients[recipient].address);
    if (impossible) fail_recipient(recipient, Dsn::simple("5.1.3", "bad recipient address syntax"));
    return impossible;
  });
  if (!fits_a_command(request_.sender)) {
    fail_message(Dsn::simple("5.1.7", "bad sender address syntax"));
  } else if (plan_.recipients.empty()) {
    // Nothing is left to be said.
  } else if (needs_smtputf8(request_) && !session_.has(feature::kSmtpUtf8)) {
    fail_message(Dsn::simple(
        "5.6.7", fmt::format("SMTPUTF8 is required, but was not offered by host {}", server)));
  } else if (session_.size_limit > 0 && session_.size_limit < request_.data_size) {
    fail_message(
        Dsn::simple("5.3.4", fmt::format("message size {} exceeds size limit {} of server {}",
                                         request_.data_size, session_.size_limit, server)));
  } else {
    return false;
  }
  decide_on_reuse();
  if (quit_) say("QUIT");
  finish();
  return true;
}

bool Transaction::must_wait(std::size_t command_size) const {
  const bool ahead = said_ > answered_;
  if (!ahead) return false;
  if (said_.phase == Phase::Dot || said_.phase == Phase::Last) return true;
  if (!session_.has(feature::kPipelining)) return true;
  const bool parting = answered_.phase == Phase::Dot && said_.phase == Phase::Quit;
  return output().size() + command_size + 2 > kWindow && !parting;
}

// All replies are in, and they leave nothing to go on with.
bool Transaction::in_vain() const {
  switch (said_.phase) {
    case Phase::Rcpt:
      return mail_rejected_ && said_ == answered_;
    case Phase::Data:
      return accepted_.empty() && said_ == answered_;
    case Phase::Dot:
      return data_rejected_;
    default:
      return false;
  }
}

void Transaction::abort() {
  said_ = answered_ = {Phase::Abort, 0};
}

void Transaction::decide_on_reuse() {
  quit_ = !session_.life.cacheable() || !plan_.reusable();
  if (quit_) session_.life.do_not_cache();
}

std::string Transaction::command() const {
  switch (said_.phase) {
    case Phase::XforwardClient:
      return xforward_client_command(request_, session_);
    case Phase::XforwardProtocol:
      return xforward_protocol_command(request_, session_);
    case Phase::Mail:
      return mail_command(request_, session_, params_, plan_.body);
    case Phase::Rcpt:
      return rcpt_command(request_, request_.recipients[plan_.recipients[said_.recipient]],
                          session_, params_);
    case Phase::Data:
      return "DATA";
    case Phase::Dot:
      return ".";
    case Phase::Abort:
      return "RSET";
    case Phase::Quit:
      return "QUIT";
    case Phase::Last:
      return {};
  }
  return {};
}

// --- The order of phases.

bool Transaction::skipped(Phase phase) const {
  if (phase == Phase::XforwardClient)
    return !params_.smtp_send_xforward_command ||
           xforward_client_command(request_, session_).empty();
  if (phase == Phase::XforwardProtocol)
    return !params_.smtp_send_xforward_command ||
           xforward_protocol_command(request_, session_).empty();
  return false;
}

Transaction::Phase Transaction::after_recipients() const {
  const bool to_data = util::equal_ignoring_case(params_.smtp_address_verify_target, "data");
  return probing() && !to_data ? Phase::Abort : Phase::Data;
}

Transaction::Cursor Transaction::after(Cursor cursor) const {
  switch (cursor.phase) {
    case Phase::XforwardClient:
      return {skipped(Phase::XforwardProtocol) ? Phase::Mail : Phase::XforwardProtocol, 0};
    case Phase::XforwardProtocol:
      return {Phase::Mail, 0};
    case Phase::Mail:
      return {Phase::Rcpt, 0};
    case Phase::Rcpt:
      if (cursor.recipient + 1 < plan_.recipients.size())
        return {Phase::Rcpt, cursor.recipient + 1};
      return {after_recipients(), 0};
    case Phase::Data:
      return {Phase::Dot, 0};
    case Phase::Dot:
    case Phase::Abort:
      return {quit_ ? Phase::Quit : Phase::Last, 0};
    case Phase::Quit:
    case Phase::Last:
      return {Phase::Last, 0};
  }
  return {Phase::Last, 0};
}

void Transaction::skip_reply_to_quit() {
  if (params_.smtp_skip_quit_response && answered_.phase == Phase::Quit &&
      said_.phase == Phase::Last)
    answered_.phase = Phase::Last;
}

// --- Replies.

void Transaction::on_reply(const Reply& reply) {
  if (hung_up_) return on_last_words(reply);
  const Cursor now = answered_;
  switch (now.phase) {
    case Phase::XforwardClient:
    case Phase::XforwardProtocol:
      on_xforward_reply(reply);
      break;
    case Phase::Mail:
      on_mail_reply(reply);
      break;
    case Phase::Rcpt:
      on_rcpt_reply(reply);
      break;
    case Phase::Data:
      on_data_reply(reply);
      break;
    case Phase::Dot:
      on_dot_reply(reply);
      break;
    case Phase::Abort:
    case Phase::Quit:
      break;  // nothing depends on it
    case Phase::Last:
      msg::panic("transaction: a reply after the end");
  }
  if (answered_ == now) answered_ = after(now);
  skip_reply_to_quit();
}

void Transaction::on_xforward_reply(const Reply& reply) {
  if (!reply.is_class(2))
    msg::warn("{}: {}", queue_id(),
              said(session_.server, reply, text(answered_.phase).in_reply_to));
}

void Transaction::on_mail_reply(const Reply& reply) {
  if (reply.is_class(2)) return;
  mail_rejected_ = true;
  fail_message(rejection(reply));
}

void Transaction::on_rcpt_reply(const Reply& reply) {
  if (mail_rejected_) return;
  const std::size_t recipient = plan_.recipients[answered_.recipient];
  if (!reply.is_class(2)) return fail_recipient(recipient, rejection(reply));
  accepted_.push_back(recipient);
  if (after_recipients() == Phase::Abort) succeed(recipient, delivered(reply, reply.one_line()));
}

void Transaction::on_data_reply(const Reply& reply) {
  if (!reply.is_class(3)) {
    data_rejected_ = true;
    if (!accepted_.empty()) fail_message(rejection(reply));
    accepted_.clear();
    return;
  }
  if (!probing() || accepted_.empty()) return;
  // Only this much was to be found out. There is no way back from DATA but to hang up.
  Reply accepted = reply;
  accepted.dsn = "2.0.0";
  accept_all(accepted);
  session_.life.do_not_cache();
  finish();
}

void Transaction::on_dot_reply(const Reply& reply) {
  if (accepted_.empty()) return;  // the end of a text that was never sent
  if (reply.is_class(2)) return accept_all(reply);
  fail_message(rejection(reply));
}

// The server closed the connection in the middle of the text. It cannot have accepted what it has
// not seen, whatever it says.
void Transaction::on_last_words(const Reply& reply) {
  if (reply.is_class(2) || reply.is_class(3))
    fail_site(silence(Silence::Closed, "sending message body"));
  else
    fail_message(rejection(reply));
  session_.life.do_not_cache();
  finish();
}

void Transaction::accept_all(const Reply& reply) {
  for (const std::size_t recipient : accepted_)
    succeed(recipient, delivered(reply, reply.one_line()));
}

Dsn Transaction::delivered(const Reply& reply, std::string reason) const {
  Dsn dsn = remote_status(session_.server, reply);
  dsn.action = global::action::kRelayed;
  dsn.reason = std::move(reason);
  return dsn;
}

Dsn Transaction::rejection(const Reply& reply) {
  return refusal(reply, said(session_.server, reply, text(answered_.phase).in_reply_to));
}

// --- Things that go wrong.

void Transaction::on_lost(Silence why) {
  if (hung_up_) {
    fail_site(silence(Silence::Closed, "sending message body"));
  } else if (answered_.phase <= Phase::Dot) {
    fail_site(silence(why, text(answered_.phase).doing));
  }
  session_.life.do_not_cache();
  finish();
}

void Transaction::on_body_sent() {
  body_sent_ = true;
}

void Transaction::on_body_interrupted(Silence why) {
  body_sent_ = true;
  if (why == Silence::Closed) {
    hung_up_ = true;
    said_ = {Phase::Last, 0};
    return;
  }
  lose_connection();
  fail_site(silence(why, "sending message body"));
  finish();
}

void Transaction::on_body_unreadable(Dsn dsn) {
  session_.life.forbid();
  fail_message(std::move(dsn));
  finish();
}

// --- Texts and limits.

Transaction::PhaseText Transaction::text(Phase phase) {
  switch (phase) {
    case Phase::XforwardClient:
      return {"sending XFORWARD name/address", "XFORWARD name/address command"};
    case Phase::XforwardProtocol:
      return {"sending XFORWARD protocol/helo_name", "XFORWARD helo/protocol command"};
    case Phase::Mail:
      return {"sending MAIL FROM", "MAIL FROM command"};
    case Phase::Rcpt:
      return {"sending RCPT TO", "RCPT TO command"};
    case Phase::Data:
      return {"sending DATA command", "DATA command"};
    case Phase::Dot:
      return {"sending end of data -- message may be sent more than once", "end of DATA command"};
    case Phase::Abort:
      return {"sending final RSET", "final RSET command"};
    case Phase::Quit:
      return {"sending QUIT", "QUIT command"};
    case Phase::Last:
      return {"doing nothing", "nothing"};
  }
  return {};
}

std::chrono::seconds Transaction::limit() const {
  switch (answered_.phase) {
    case Phase::XforwardClient:
    case Phase::XforwardProtocol:
      return params_.smtp_xforward_timeout;
    case Phase::Mail:
      return params_.smtp_mail_timeout;
    case Phase::Rcpt:
      return params_.smtp_rcpt_timeout;
    case Phase::Data:
      return params_.smtp_data_init_timeout;
    case Phase::Dot:
      return params_.smtp_data_done_timeout;
    case Phase::Abort:
      return params_.smtp_rset_timeout;
    case Phase::Quit:
    case Phase::Last:
      return params_.smtp_quit_timeout;
  }
  return params_.smtp_quit_timeout;
}

}  // namespace handoff::smtp
