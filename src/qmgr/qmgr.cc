// NAME
//     qmgr - queue manager
//
// SYNOPSIS
//     qmgr [generic daemon options]
//
// DESCRIPTION
//     The qmgr daemon awaits the arrival of incoming mail and arranges for its delivery by means
//     of delivery agents. Where mail goes is decided by trivial-rewrite(8).
//
//     Mail arrives in the queue "incoming" and is moved to "active", which has room for a limited
//     number of messages; mail that cannot be delivered waits in "deferred", longer each time.
//     Corrupted files are moved to "corrupt".
//
//     Mail is delivered first-come, first-served; the destinations of one message take turns.
//     Concurrency towards each destination starts small, grows with each delivery that gets
//     through and shrinks with each failure to get through; a destination that is dead is left
//     alone for a while. In contrast with Postfix's, small messages do not overtake large ones.
//
// TRIGGERS
//     A client connects to public/qmgr and writes any of these letters:
//       D  scan the deferred queue          I, W  scan the incoming queue
//       A  ignore time stamps in scans      F     forget what is known of dead destinations
//
// SECURITY
//     Not sensitive: reads queue files and talks to processes on the same machine. It can run
//     chrooted and without privileges.
//
// DIAGNOSTICS
//     Problems and transactions are logged to syslogd(8) or postlogd(8).
//
// CONFIGURATION PARAMETERS
//     Changes to main.cf take effect with "postfix reload".
//
//     @parameters except max_use, max_idle, enable_long_queue_ids, flush_service_name
//
// SEE ALSO
//     trivial-rewrite(8), bounce(8), error(8), smtp(8), master(8), postconf(5)

#include "qmgr/queue_manager.h"
#include "service/programs.h"
#include "service/trigger_server.h"

namespace handoff::qmgr {
namespace {

class QmgrService final : public service::TriggerService {
 public:
  explicit QmgrService(service::TriggerServer& server)
      : manager_(server.scheduler(), server.config(), server.params()) {
    server.set_watchdog(server.params().qmgr_daemon_timeout);
  }
  void post_jail() override { manager_.start(); }
  void on_trigger(std::string_view requests) override { manager_.on_trigger(requests); }

 private:
  QueueManager manager_;
};

}  // namespace
}  // namespace handoff::qmgr

int main(int argc, char** argv) {
  using namespace handoff;
  const auto make = [](service::TriggerServer& server) {
    return std::make_unique<qmgr::QmgrService>(server);
  };
  return service::run_trigger_server(argc, argv, service::kQmgr.needs, make);
}
