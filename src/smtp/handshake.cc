#include "smtp/handshake.h"

#include <fmt/format.h>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::uint16_t kSmtpPort = 25;  // only there does "it is me" mean a loop

// A firewall that blanks out the greeting: "220 **********".
bool looks_like_pix(std::string_view greeting) {
  return greeting.find_first_not_of("20 *\t\n") == std::string_view::npos;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

bool has_word(std::string_view text, std::string_view word, std::string_view separators) {
  for (std::string_view each : util::split(text, separators))
    if (util::equal_ignoring_case(each, word)) return true;
  return false;
}

}  // namespace

Handshake::Handshake(SessionState& session, const global::Params& params,
                     const DiscardedKeywords& discarded, std::string queue_id)
    : Dialogue(session, std::move(queue_id)), params_(params), discarded_(discarded) {}

Dialogue::Step Handshake::next() {
  return phase_ == Phase::Ready || phase_ == Phase::Failed ? Step::Finished : Step::ReadReply;
}

void Handshake::on_reply(const Reply& reply) {
  switch (phase_) {
    case Phase::Greeting:
      return on_greeting(reply);
    case Phase::Ehlo:
      return on_ehlo(reply);
    case Phase::Helo:
      return on_helo(reply);
    case Phase::Ready:
    case Phase::Failed:
      msg::panic("handshake: a reply after the end");
  }
}

void Handshake::on_greeting(const Reply& reply) {
  if (!reply.is_class(2)) {
    Reply refused = reply;
    if (reply.is_class(5) && params_.smtp_skip_5xx_greeting) refused.dsn[0] = '4';
    return refuse(refused);
  }
  read_greeting(reply.text);
  const bool ehlo = (session_.has(feature::kEsmtp) || params_.smtp_always_send_ehlo) &&
                    !params_.smtp_never_send_ehlo && !session_.has(feature::kPixNoEsmtp);
  say_hello(ehlo ? Phase::Ehlo : Phase::Helo);
}

void Handshake::read_greeting(const std::string& text) {
  const std::string_view host = announced_host(text);
  if (is_myself(host))
    msg::warn("host {} greeted me with my own hostname {}", session_.server.name_and_port(), host);
  if (has_word(text, "ESMTP", util::kBlanks)) session_.features |= feature::kEsmtp;
  if (!looks_like_pix(text)) return;
  const std::string& words = params_.smtp_pix_workarounds;
  if (has_word(words, "disable_esmtp", ", \t\r\n")) session_.features |= feature::kPixNoEsmtp;
  if (has_word(words, "delay_dotcrlf", ", \t\r\n")) session_.features |= feature::kPixDelayDotCrlf;
  if (!words.empty())
    msg::info("{}: enabling PIX workarounds: {} for {}", queue_id(), words,
              session_.server.name_and_port());
}

void Handshake::say_hello(Phase phase) {
  phase_ = phase;
  if (phase == Phase::Helo) session_.features &= ~feature::kEsmtp;
  say(fmt::format("{} {}", phase == Phase::Ehlo ? "EHLO" : "HELO", params_.smtp_helo_name));
}

void Handshake::on_ehlo(const Reply& reply) {
  if (reply.code == 421) return refuse(reply);
  if (!reply.is_class(2)) return say_hello(Phase::Helo);
  session_.features |= feature::kEsmtp;
  learn(reply);
}

void Handshake::on_helo(const Reply& reply) {
  if (!reply.is_class(2)) return refuse(reply);
  learn(reply);
}

void Handshake::learn(const Reply& reply) {
  if (phase_ == Phase::Ehlo) {
    if (!discarded_.silent() && !discarded_.words().empty()) {
      std::string words;
      for (const std::string& word : discarded_.words()) words += " " + upper(word);
      msg::info("{}: discarding EHLO keywords:{}", queue_id(), words);
    }
    learn_capabilities(reply.text, discarded_, session_);
  } else {
    session_.helo_name = announced_host(reply.text);
  }
  if (!is_myself(session_.helo_name)) {
    phase_ = Phase::Ready;
    return;
  }
  msg::warn("host {} replied to HELO/EHLO with my own hostname {}", session_.server.name_and_port(),
            session_.helo_name);
  phase_ = Phase::Failed;
  fail_site(global::Dsn::simple(
      session_.has(feature::kBestMx) ? "5.4.6" : "4.4.6",
      fmt::format("mail for {} loops back to myself", session_.server.next_hop)));
}

void Handshake::refuse(const Reply& reply) {
  phase_ = Phase::Failed;
  fail_site(refusal(reply, fmt::format("host {} refused to talk to me: {}", session_.server.name(),
                                       reply.one_line())));
}

void Handshake::on_lost(Silence why) {
  const std::string_view doing = phase_ == Phase::Greeting ? "receiving the initial server greeting"
                                 : phase_ == Phase::Ehlo   ? "performing the EHLO handshake"
                                                           : "performing the HELO handshake";
  phase_ = Phase::Failed;
  fail_site(silence(why, doing));
}

bool Handshake::is_myself(std::string_view host) const {
  return session_.server.port == kSmtpPort && util::equal_ignoring_case(host, params_.myhostname);
}

}  // namespace handoff::smtp
