// wakeup.h - tells a service that there may be work (spec/master.md 1.4).
//
// Never waits. What cannot be delivered is lost: there will be another.
#pragma once

#include <chrono>
#include <list>

#include "master/endpoint.h"
#include "master/master_cf.h"
#include "util/result.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::master {

class WakeupSender {
 public:
  explicit WakeupSender(util::Scheduler& scheduler) : scheduler_(scheduler) {}

  util::Status send(ServiceType type, const Endpoint& endpoint);

 private:
  // Open until the service has read it and hangs up, or takes too long.
  struct Call {
    util::UniqueFd connection;
    util::UniqueFd passed;  // service type "pass": the pipe that the service reads
    util::Watch connected;
    util::Watch hung_up;
    util::Timer patience;
  };
  using Calls = std::list<Call>;

  util::Status wake_fifo(const std::string& path);
  util::Status wake_unix(const std::string& path);
  util::Status wake_pass(const std::string& path);
  util::Status wake_inet(const util::SocketAddress& address);
  void speak(Calls::iterator call);
  Calls::iterator keep(util::UniqueFd connection);

  util::Scheduler& scheduler_;
  Calls calls_;
};

}  // namespace handoff::master
