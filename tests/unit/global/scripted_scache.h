// scripted_scache.h - a server for ClientSessionCache that follows a script.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "global/session_cache_clnt.h"
#include "support/files.h"
#include "support/sockets.h"

namespace handoff::global {

// Does one step of its script whenever the client is about to wait.
class ScriptedScache : public testing::Test {
 protected:
  using Step = std::function<void()>;

  ClientSessionCache::Options options() {
    return {.service = path_,
            .timeout = std::chrono::milliseconds(5),
            .pause = std::chrono::milliseconds(0),
            .now = [this] { return now; },
            .before_wait = [this] { next_step(); }};
  }
  // Makes sure of what the client has sent since the last step.
  Step answers(std::string expected, std::string text) {
    return [this, expected, text] {
      EXPECT_EQ(test::received_text(peer), expected);
      test::send_text(peer, text);
    };
  }
  Step hangs_up() {
    return [this] {
      (void)test::received_text(peer);  // with something unread it would be a reset
      peer.reset();
    };
  }

  test::WorkingDirectory directory_;
  const std::string path_ = "scache";
  std::deque<Step> script;
  util::UniqueFd peer;
  util::UniqueFd remote_;
  ClientSessionCache::Clock::time_point now{};

 private:
  void next_step() {
    if (script.empty()) return;
    const Step step = std::move(script.front());
    script.pop_front();
    step();
  }
};

}  // namespace handoff::global
