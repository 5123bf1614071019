// sink_session.h - one client's connection: moves bytes between the socket and the dialogue.
//
// Replies may be due later (delays), so they wait in a queue; reading goes on meanwhile, as a far
// away server's kernel would. A session ends itself through Host::session_ended().
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>

#include "smtpstone/server_dialogue.h"
#include "smtpstone/steps.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::smtpstone {

class SinkSession {
 public:
  struct Timing {
    std::chrono::milliseconds time_limit;   // of silence
    std::chrono::milliseconds reply_delay;  // between any arrival and its answer
  };
  class Host {
   public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;
    // All replies so far have left.
    virtual void session_quiet(SinkSession& session) = 0;
    // Destroys the session, which does nothing more.
    virtual void session_ended(SinkSession& session) = 0;
  };

  // The references must outlive the session.
  SinkSession(Host& host, util::Scheduler& scheduler, const Timing& timing, Tally& tally,
              util::UniqueFd socket, ServerDialogue dialogue, Tally::Address& address);

  // Greets the client. The session may be gone afterwards.
  void start();

  [[nodiscard]] int messages() const { return dialogue_.messages(); }
  // Replies that have not left yet.
  [[nodiscard]] bool outstanding() const { return !due_.empty() || !out_.empty(); }

 private:
  struct Due {
    util::Scheduler::TimePoint when;
    Step step;
  };

  void watch_input();
  void on_readable();
  void on_silence();
  void watch_silence(std::chrono::milliseconds limit);
  void answer(Steps& steps);
  void release();
  void flush();
  void finish();

  Host& host_;
  util::Scheduler& scheduler_;
  const Timing& timing_;
  Tally& tally_;
  util::UniqueFd socket_;
  ServerDialogue dialogue_;
  Tally::Address& address_;

  std::deque<Due> due_;
  std::string out_;  // what the socket would not take yet
  std::size_t out_sent_ = 0;
  bool hang_up_ = false;  // when `out_` has left
  bool paused_ = false;   // reading
  util::Scheduler::TimePoint last_active_;
  util::Watch readable_;
  util::Watch writable_;
  util::Timer release_timer_;
  util::Timer pause_timer_;
  util::Timer silence_timer_;
};

}  // namespace handoff::smtpstone
