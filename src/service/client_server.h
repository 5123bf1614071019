// client_server.h - what multi and event servers have in common: an event loop, clients that are
// accepted and counted, and the decision when to leave.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "service/lifetime.h"
#include "service/multi_server.h"
#include "service/passed_client.h"
#include "service/relay.h"
#include "service/startup.h"
#include "util/event_loop.h"

namespace handoff::service {

class ClientServer final : public ProcessOf<MultiServer> {
 public:
  struct Mode {
    std::chrono::seconds watchdog;
    bool records_per_client;  // event: around on_client(); multi: the application's business
    bool drains;
    std::function<void()> on_drain;
  };

  explicit ClientServer(Started started);
  ~ClientServer() override;

  [[nodiscard]] util::Scheduler& scheduler() override { return loop_; }
  [[nodiscard]] std::size_t clients() const override;
  void request_begins() override;
  void request_ended() override;
  [[nodiscard]] Presence add_client() override;
  [[nodiscard]] std::string socket_path() const override;
  void leave(Leaving why) override;

  // Until it is time to go; the application must live until then.
  void run(MultiService& service, const Needs& needs, Mode mode);

 private:
  class Count;

  void watch_master();
  void on_master_gone();
  void watch_listeners();
  void accept_one(const util::UniqueFd& listener);
  void pause_accepting();
  void receive_passed(util::UniqueFd passer);
  void hand_over(Connection connection);
  void client_left();
  void serve();
  void show_progress();
  void start_idle_timer();
  void on_idle();
  void drain();
  void go_on_alone();

  std::optional<Relay> standard_input_;  // ends when the application has let its client go
  util::EventLoop loop_;
  std::shared_ptr<Count> count_;
  MultiService* service_ = nullptr;
  Mode mode_{};
  Lifetime life_;
  StatusChannel status_;
  std::vector<util::UniqueFd> listeners_;
  std::vector<util::Watch> watches_;
  std::list<PassedClient> passing_;
  util::Watch master_;
  util::Timer idle_;
  util::Timer retirement_;
  util::Timer pause_;
  util::Timer progress_;
  int uses_ = 0;
  enum class Stage { Serving, DrainWanted, Draining, Leaving } stage_ = Stage::Serving;
  Leaving why_ = Leaving::Done;
};

}  // namespace handoff::service
