#include "smtp/script.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "global/config.h"
#include "smtp/transaction.h"
#include "util/text.h"

namespace handoff::test {

namespace {

using smtp::Dialogue;
using smtp::Outcome;

std::string describe(const Outcome& outcome) {
  const std::string what = fmt::format("{} {}", outcome.dsn.status, outcome.dsn.reason);
  if (outcome.kind == Outcome::Kind::Sent)
    return fmt::format("sent {} {}", outcome.recipient, what);
  switch (outcome.level) {
    case Outcome::Level::Recipient:
      return fmt::format("recipient {} {}", outcome.recipient, what);
    case Outcome::Level::Message:
      return "message " + what;
    case Outcome::Level::Site:
      return "site " + what;
  }
  return what;
}

class Player {
 public:
  explicit Player(Dialogue& dialogue) : dialogue_(dialogue) {}

  void line(std::string_view text) {
    if (text.starts_with("C: ")) return expect_said(text.substr(3));
    if (text.starts_with("S: ")) return reply(text.substr(3));
    if (text == "BODY") return body();
    if (text == "TIMEOUT") return silence(smtp::Silence::Timeout);
    if (text == "EOF") return silence(smtp::Silence::Closed);
    FAIL() << "bad script line: " << text;
  }

  void end() {
    EXPECT_EQ(step(), Dialogue::Step::Finished);
    EXPECT_EQ(said_, "") << "said more than the script expects";
  }

  std::vector<std::string> outcomes;

 private:
  Dialogue::Step step() {
    const Dialogue::Step next = dialogue_.next();
    said_ += dialogue_.take_output();
    return next;
  }

  void expect_said(std::string_view command) {
    if (said_.empty()) step();
    const std::string wanted = std::string(command) + "\r\n";
    ASSERT_EQ(said_.substr(0, wanted.size()), wanted);
    said_.erase(0, wanted.size());
  }

  void reply(std::string_view text) {
    if (!in_reply_) {
      ASSERT_EQ(step(), Dialogue::Step::ReadReply) << "for the reply " << text;
      EXPECT_EQ(said_, "") << "said more before the reply " << text;
    }
    in_reply_ = !dialogue_.on_line(text);
    collect();
  }

  void body() {
    ASSERT_EQ(step(), Dialogue::Step::SendBody);
    EXPECT_EQ(said_, "");
    dynamic_cast<smtp::Transaction&>(dialogue_).on_body_sent();
  }

  void silence(smtp::Silence why) {
    ASSERT_EQ(step(), Dialogue::Step::ReadReply);
    EXPECT_EQ(said_, "");
    dialogue_.on_silence(why);
    collect();
  }

  void collect() {
    for (const Outcome& outcome : dialogue_.take_outcomes()) outcomes.push_back(describe(outcome));
  }

  Dialogue& dialogue_;
  std::string said_;
  bool in_reply_ = false;
};

}  // namespace

global::Params smtp_params(const std::string& main_cf) {
  const std::string text =
      "myhostname = client.example\nmydomain = example\nsmtp_tcp_port = 25\n" + main_cf;
  global::ConfigOptions options;
  options.directory = "/nonexistent";
  options.process_name = "smtp";
  auto config = global::Config::from_text(text, options);
  EXPECT_TRUE(config) << config.error().what;
  auto params = global::try_load_params(*config, "smtp");
  EXPECT_TRUE(params) << params.error().what;
  return *std::move(params);
}

std::vector<std::string> play(Dialogue& dialogue, std::string_view script) {
  Player player(dialogue);
  for (std::string_view line : util::split(script, "\n")) {
    line = util::trim(line);
    if (line.empty()) continue;
    player.line(line);
    if (testing::Test::HasFatalFailure()) return player.outcomes;
  }
  player.end();
  for (const Outcome& outcome : dialogue.take_outcomes())
    player.outcomes.push_back(describe(outcome));
  return player.outcomes;
}

}  // namespace handoff::test
