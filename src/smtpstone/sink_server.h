// sink_server.h - listens, accepts, and keeps the sessions of the test server.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "smtpstone/policy.h"
#include "smtpstone/sink_session.h"
#include "smtpstone/tally.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::smtpstone {

class SinkServer final : private SinkSession::Host {
 public:
  struct Limits {
    int most_sessions = 256;      // further clients wait in the listen queue
    int exit_after_sessions = 0;  // 0: never
    int exit_after_messages = 0;
  };

  // All references must outlive the server. `finished` is called when a limit to exit is reached.
  SinkServer(const Policy& policy, const Limits& limits, const SinkSession::Timing& timing,
             util::Scheduler& scheduler, Tally& tally, MessageStore* store,
             ServerDialogue::Dice dice, std::function<void()> finished);
  ~SinkServer() override;

  // `name` is what the listener's clients are counted under.
  void listen(util::UniqueFd socket, const std::string& name);
  // Prints a line of counters to standard output now and then (-c).
  void show_counters() { show_counters_ = true; }

 private:
  struct Listener {
    util::UniqueFd socket;
    Tally::Address* address;
    util::Watch watch;
  };

  void session_quiet(SinkSession& session) override;
  void session_ended(SinkSession& session) override;

  void watch(Listener& listener);
  void watch_all();
  void on_client(Listener& listener);
  void start_session(util::UniqueFd socket, Listener& listener);
  [[nodiscard]] bool full() const;
  void print_counters();
  void stop_at_limits();

  const Policy& policy_;
  const Limits& limits_;
  const SinkSession::Timing& timing_;
  util::Scheduler& scheduler_;
  Tally& tally_;
  MessageStore* store_;
  ServerDialogue::Dice dice_;
  std::function<void()> finished_;
  bool show_counters_ = false;
  std::string shown_;

  std::list<Listener> listeners_;
  std::unordered_map<SinkSession*, std::unique_ptr<SinkSession>> sessions_;
  util::Timer accept_again_;
};

}  // namespace handoff::smtpstone
