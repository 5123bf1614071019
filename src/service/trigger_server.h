// trigger_server.h - a daemon that is told "there is work" and finds it by itself.
//
// Service types unix, fifo and pass. Triggers are read without blocking the rest of the process;
// the application may watch descriptors and timers of its own meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "service/process.h"
#include "util/scheduler.h"

namespace handoff::service {

class TriggerServer : public Process {
 public:
  [[nodiscard]] virtual util::Scheduler& scheduler() = 0;
};

class TriggerService : public Application {
 public:
  // Each byte is a request; 'W' is master's wake-up. Up to 1024 of them.
  virtual void on_trigger(std::string_view requests) = 0;
};

using MakeTriggerService = std::function<std::unique_ptr<TriggerService>(TriggerServer&)>;

int run_trigger_server(int argc, char** argv, const Needs& needs, const MakeTriggerService& make);

}  // namespace handoff::service
