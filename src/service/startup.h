// startup.h - from main() to the jail: what every daemon does before it serves
// (spec/master.md 4.3).
//
// A daemon that does not get through here ends with a fatal error, as in the system that we are
// compatible with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "global/config.h"
#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/params.h"
#include "service/options.h"
#include "service/process.h"
#include "service/programs.h"
#include "service/status_channel.h"
#include "util/unique_fd.h"
#include "util/watchdog.h"

namespace handoff::service {

struct Started {
  std::string program;  // base name of argv[0]
  std::string service;
  Options options;
  global::Config config;
  global::Params params;
  global::MailOwner owner;
  unsigned generation = 0;
};

Started start(int argc, char** argv, const Skeleton& skeleton, const Needs& needs,
              global::LogRole log = global::LogRole::Daemon);

// chdir to the queue directory, the application's hooks, chroot and change of user as the options
// say. Without root there is neither.
void enter_jail(const Started& started, Application& application);

// --- Once the process serves.

// The inherited descriptors, close-on-exec from now on. Stand-alone there are none.
std::vector<util::UniqueFd> take_listeners(const Started& started);
StatusChannel take_status_channel(const Started& started);
// Clients that come from afar may vanish without a word.
void keep_alive(const util::UniqueFd& client, std::string_view transport);

// The part of Process that all skeletons share.
template <typename Interface>
class ProcessOf : public Interface {
 public:
  explicit ProcessOf(Started started) : started_(std::move(started)) {}

  [[nodiscard]] const global::Config& config() const override { return started_.config; }
  [[nodiscard]] const global::Params& params() const override { return started_.params; }
  [[nodiscard]] const std::string& name() const override { return started_.service; }
  [[nodiscard]] const std::vector<std::string>& arguments() const override {
    return started_.options.arguments;
  }
  void set_watchdog(std::chrono::seconds limit) override { watchdog_limit_ = limit; }

  [[nodiscard]] const Started& started() const { return started_; }

 protected:
  // Begins to count; `limit` unless the application wants another.
  void start_watchdog(std::chrono::seconds limit) {
    watchdog_.reset();
    watchdog_.emplace(watchdog_limit_.value_or(limit));
    watchdog_->restart();
    alarm_in_ = std::chrono::milliseconds(watchdog_limit_.value_or(limit)) / 3;
  }
  // Called at each turn of the main loop; costs nothing.
  void made_progress() { watchdog_->restart(); }
  // The same for an event loop: called from a timer. Returns how soon again, for no alarm to ring,
  // so that an idle loop is not woken up by both.
  std::chrono::milliseconds put_off_alarm() {
    watchdog_->stop();
    watchdog_->restart();
    return alarm_in_ * 3 / 4;
  }

 private:
  Started started_;
  std::optional<std::chrono::seconds> watchdog_limit_;
  std::optional<util::Watchdog> watchdog_;
  std::chrono::milliseconds alarm_in_{};
};

}  // namespace handoff::service
