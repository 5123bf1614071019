// launcher.h - all services of the instance, from start to reload to reload.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "master/listeners.h"
#include "master/service.h"
#include "master/setup.h"
#include "master/spawner.h"
#include "util/result.h"
#include "util/scheduler.h"

namespace handoff::master {

class Launcher {
 public:
  Launcher(util::Scheduler& scheduler, MasterMode mode) : scheduler_(scheduler), spawner_(mode) {}

  // What is new in a setup is opened first, which may fail, and used when nothing can fail any
  // more.
  class Plan;
  [[nodiscard]] util::Result<Plan> prepare(Setup setup);
  void use(Plan plan, Environment environment);
  // There is a new configuration, but it is no good: from now on, daemons get the present main.cf
  // from us.
  void keep_setup();

  // At the end: a log server is there for what has been logged.
  void serve_log();
  // All services leave, as those do that are no more in master.cf: first all but the log servers,
  // and, once those have left, these.
  void remove_all_but_log();
  void remove_log();
  [[nodiscard]] bool somebody_leaves() const { return !leaving_.empty(); }

  // Takes note of all children that have ended. False: there is none left.
  bool reap();
  [[nodiscard]] std::vector<pid_t> children() const;
  [[nodiscard]] const Setup& setup() const { return setup_; }

 private:
  using Services = std::list<Service>;

  Service* find(const PlannedService& planned);
  [[nodiscard]] bool in_use(const std::string& path) const;
  static util::Status open_status(Plan& plan);
  util::Status open(Plan& plan, std::size_t service) const;
  void remove_vanished();
  void remove(Services::iterator service);
  void warn_of_changed_interfaces(const PlannedService& planned, const Service& running) const;

  util::Scheduler& scheduler_;
  Spawner spawner_;
  Setup setup_;
  Services services_;
  Services leaving_;  // no more in master.cf, until their last process has gone
};

class Launcher::Plan {
 public:
  [[nodiscard]] const Setup& setup() const { return setup_; }

 private:
  friend class Launcher;
  struct Opened {
    std::size_t service = 0;  // of setup.services
    std::vector<util::UniqueFd> listeners;
    std::optional<PathClaim> path;
  };
  explicit Plan(Setup setup) : setup_(std::move(setup)) {}

  Setup setup_;
  std::vector<Opened> opened_;
  std::vector<StatusPair> status_;  // one for each of setup.services
};

}  // namespace handoff::master
