// launcher.h - all services of the instance, from start to reload to reload.
#pragma once

#include <list>
#include <memory>
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

  // At start. Error: something could not be listened on.
  util::Status start(Setup setup, Environment environment);
  // At reload. All or nothing: after an error everything is as before.
  util::Status reload(Setup setup, Environment environment);

  // Takes note of all children that have ended.
  void reap();
  [[nodiscard]] std::vector<pid_t> children() const;
  [[nodiscard]] const Setup& setup() const { return setup_; }

 private:
  struct Opened {
    const PlannedService* planned;
    std::vector<util::UniqueFd> listeners;
  };
  using Services = std::list<Service>;

  Service* find(const PlannedService& planned);
  util::Result<std::vector<Opened>> open_new(const Setup& setup);
  void use(Setup setup, Environment environment, std::vector<Opened> opened);
  void remove_vanished();
  void warn_of_changed_interfaces(const PlannedService& planned, const Service& running) const;

  util::Scheduler& scheduler_;
  Spawner spawner_;
  Setup setup_;
  Services services_;
  Services leaving_;  // no more in master.cf, until their last process has gone
};

}  // namespace handoff::master
