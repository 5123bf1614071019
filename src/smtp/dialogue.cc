#include "smtp/dialogue.h"

#include <fmt/format.h>

#include <utility>

#include "util/msg.h"

namespace handoff::smtp {

namespace {

// Codes that no server gives to a command that it understands (RFC 5321, 4.2.2), or no failure.
bool is_protocol_error(int code) {
  return code < 400 || code > 599 || code == 555 || (code >= 500 && code < 510);
}

}  // namespace

std::string said(const Server& server, const Reply& reply, std::string_view in_reply_to) {
  return fmt::format("host {} said: {} (in reply to {})", server.name(), reply.one_line(),
                     in_reply_to);
}

global::Dsn remote_status(const Server& server, const Reply& reply) {
  global::Dsn dsn;
  dsn.status = reply.dsn;
  dsn.mta_type = "dns";
  dsn.mta_name = server.host;
  dsn.diag_type = "smtp";
  dsn.diag_text = reply.one_line();
  return dsn;
}

Dialogue::Dialogue(SessionState& session, std::string queue_id)
    : session_(session), queue_id_(std::move(queue_id)) {}

std::string Dialogue::take_output() {
  return std::exchange(output_, {});
}

std::vector<Outcome> Dialogue::take_outcomes() {
  return std::exchange(outcomes_, {});
}

bool Dialogue::on_line(std::string_view line) {
  const ReplyCollector::Progress progress = reply_.add_line(line);
  if (reply_.overflowed())
    msg::warn("{}: multi-line response longer than {}: {}...", session_.server.name_and_port(),
              kReplyLimit, line.substr(0, 30));
  switch (progress) {
    case ReplyCollector::Progress::More:
      return false;
    case ReplyCollector::Progress::Garbage:
      on_garbage(line);
      return false;
    case ReplyCollector::Progress::Endless:
      msg::warn("{}: response of more than {} lines", session_.server.name_and_port(),
                kMaxReplyLines);
      on_silence(Silence::Closed);
      return true;
    case ReplyCollector::Progress::Complete:
      on_reply(reply_.take());
      return true;
  }
  return true;
}

void Dialogue::on_garbage(std::string_view line) {
  session_.life.do_not_cache();
  if (!session_.has(feature::kPipelining)) return;
  msg::warn("{}: non-ESMTP response from {}: {}", queue_id_, session_.server.name_and_port(),
            line.substr(0, 100));
}

void Dialogue::on_silence(Silence why) {
  connection_lost_ = true;
  on_lost(why);
}

void Dialogue::say(std::string_view command) {
  output_ += command;
  output_ += "\r\n";
}

void Dialogue::succeed(std::size_t recipient, global::Dsn dsn) {
  outcomes_.push_back({Outcome::Kind::Sent, Outcome::Level::Recipient, recipient, std::move(dsn)});
}

void Dialogue::fail_recipient(std::size_t recipient, global::Dsn dsn) {
  outcomes_.push_back(
      {Outcome::Kind::Failed, Outcome::Level::Recipient, recipient, std::move(dsn)});
}

void Dialogue::fail_message(global::Dsn dsn) {
  outcomes_.push_back({Outcome::Kind::Failed, Outcome::Level::Message, 0, std::move(dsn)});
}

void Dialogue::fail_site(global::Dsn dsn) {
  session_.life.throttle();
  outcomes_.push_back({Outcome::Kind::Failed, Outcome::Level::Site, 0, std::move(dsn)});
}

global::Dsn Dialogue::refusal(const Reply& reply, std::string reason) {
  global::Dsn dsn = remote_status(session_.server, reply);
  if (dsn.status[0] != '4' && dsn.status[0] != '5') {
    dsn.status = "5.5.0";
    reason = "Protocol error: " + reason;
  }
  if (is_protocol_error(reply.code)) session_.life.do_not_cache();
  dsn.reason = std::move(reason);
  return dsn;
}

global::Dsn Dialogue::silence(Silence why, std::string_view doing) const {
  const std::string peer = session_.server.name();
  return global::Dsn::simple(
      "4.4.2", why == Silence::Timeout
                   ? fmt::format("conversation with {} timed out while {}", peer, doing)
                   : fmt::format("lost connection with {} while {}", peer, doing));
}

}  // namespace handoff::smtp
