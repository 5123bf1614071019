// service.h - one entry of master.cf at work: its listeners, its processes, its wake-ups.
//
// Forks a process for the next client whenever none is available, within the process limit. The
// client itself stays in the backlog: the process accepts it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "master/books.h"
#include "master/endpoint.h"
#include "master/master_cf.h"
#include "master/spawner.h"
#include "master/status_pair.h"
#include "master/wakeup.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::master {

struct ServiceContext {
  util::Scheduler& scheduler;
  Spawner& spawner;
  std::chrono::seconds throttle_time;
};

class Service {
 public:
  Service(ServiceContext context, Entry entry, Endpoint endpoint,
          std::vector<util::UniqueFd> listeners);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] const Entry& entry() const { return entry_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  void start(StatusPair status);
  // A reload: new parameters; the processes that are there are told to finish.
  void reconfigure(Entry entry, std::chrono::seconds throttle_time, StatusPair status);
  // Now, not when the event loop comes round to it.
  void serve_waiting_client();
  // Processes may have failed, or be about to fail, because of a main.cf that is out of use now.
  void forgive();
  // Is no more in master.cf: nothing is served any longer, the processes are ended. The object
  // must stay until the last of them is gone.
  void remove();

  [[nodiscard]] bool has(pid_t pid) const { return books_.has(pid); }
  [[nodiscard]] bool abandoned() const { return removed_ && books_.total() == 0; }
  [[nodiscard]] std::vector<pid_t> children() const { return books_.children(); }
  void child_died(pid_t pid, int wait_status);

 private:
  void renew_status_channel(StatusPair status);
  void update_listening();
  void on_client();
  void fork_one();
  void on_status();
  void read_status();
  bool read_some_status();  // false: there is nothing more
  void note(const global::master_proto::StatusRecord& record);
  void report_death(pid_t pid, int wait_status) const;
  void consider_brake(Books::Death death);
  void throttle();
  void end_throttle();
  void start_wakeups();
  void wake_up();
  void resume_work();
  void warn_of_crowd();
  void consider_stress();
  void replace_processes();
  [[nodiscard]] bool stressed() const;
  [[nodiscard]] std::string label() const;  // "name(private/name)"

  ServiceContext context_;
  Entry entry_;
  Endpoint endpoint_;
  std::vector<util::UniqueFd> listeners_;
  StatusPair status_;
  Books books_;
  WakeupSender wakeups_;
  std::vector<util::Watch> listening_;
  util::Watch status_watch_;
  util::Timer throttle_end_;
  util::Timer next_wakeup_;
  bool used_ = false;  // since the last (re)load
  std::optional<util::Scheduler::TimePoint> resumed_at_;
  int fruitless_ = 0;  // in a row, since:
  util::Scheduler::TimePoint fruitless_since_{};
  bool removed_ = false;
  std::optional<util::Scheduler::TimePoint> stress_end_;
  std::optional<util::Scheduler::TimePoint> next_crowd_warning_;
};

}  // namespace handoff::master
