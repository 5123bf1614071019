// event_server.h - a daemon whose clients stay for long and must not be cut off.
//
// Like multi_server.h, but master is told once for each client, not for each request, and at a
// reload the process lets a successor take over while it goes on with the clients that it has:
// it forks, the parent exits (so that master sees a normal end) and the child stays until the
// last client has gone.
#pragma once

#include "service/multi_server.h"

namespace handoff::service {

class EventService : public MultiService {
 public:
  // In the child that goes on with the present clients: give up what the successor will want.
  virtual void on_drain() {}
};

using MakeEventService = std::function<std::unique_ptr<EventService>(MultiServer&)>;

int run_event_server(int argc, char** argv, const Needs& needs, const MakeEventService& make);

}  // namespace handoff::service
