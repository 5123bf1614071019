// instance.h - master at work: one mail system, from "daemon started" to its last signal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "master/launcher.h"
#include "master/options.h"
#include "master/setup.h"
#include "util/event_loop.h"
#include "util/service_manager.h"
#include "util/unique_fd.h"
#include "util/watchdog.h"

namespace handoff::master {

class Instance {
 public:
  // In the queue directory. `inherited` is the environment as it was before the log was opened.
  // Fatal when another master runs here.
  Instance(const MasterOptions& options, Environment inherited, MainSetup main);
  ~Instance();

  // Reads master.cf and listens. Fatal errors end the process.
  void start();
  [[nodiscard]] const Setup& setup() const { return launcher_.setup(); }  // once started
  // Does not come back.
  [[noreturn]] void run();

 private:
  void lock();
  void watch_signals();
  void on_child();
  void terminate(int signal);
  void end_as_init();
  void reload();
  util::Status try_reload();
  util::Result<Environment> imported_environment(const global::Config& config,
                                                 const global::Params& params) const;
  void put_off_alarm();

  MasterOptions options_;
  Environment inherited_;
  std::optional<MainSetup> main_;  // until start()
  util::UniqueFd pid_file_;
  util::UniqueFd lock_file_;
  util::ServiceManager manager_;
  util::EventLoop loop_;
  Launcher launcher_;
  std::vector<util::Watch> signals_;
  util::Timer exit_timer_;
  util::Timer progress_;
  util::Timer last_moment_;  // pending: the end has begun (-i)
  bool log_ends_ = false;
  std::optional<util::Watchdog> watchdog_;
};

}  // namespace handoff::master
