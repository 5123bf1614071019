#include "service/multi_server.h"

#include "service/client_server.h"
#include "service/event_server.h"
#include "service/startup.h"

namespace handoff::service {
namespace {

constexpr std::chrono::seconds kEventWatchdog{1000};

}  // namespace

int run_multi_server(int argc, char** argv, const Needs& needs, const MakeMultiService& make) {
  ClientServer server(start(argc, argv, kMultiSkeleton, needs));
  const auto service = make(server);
  enter_jail(server.started(), *service);
  server.run(*service, needs,
             {.watchdog = server.params().daemon_timeout,
              .records_per_client = false,
              .drains = false,
              .on_drain = {}});
  return 0;
}

int run_event_server(int argc, char** argv, const Needs& needs, const MakeEventService& make) {
  ClientServer server(start(argc, argv, kEventSkeleton, needs));
  const auto service = make(server);
  enter_jail(server.started(), *service);
  server.run(*service, needs,
             {.watchdog = kEventWatchdog,
              .records_per_client = true,
              .drains = true,
              .on_drain = [&service] { service->on_drain(); }});
  return 0;
}

}  // namespace handoff::service
