// single_server.h - a daemon that serves one client at a time, with blocking calls.
//
//   int main(int argc, char** argv) {
//     return service::run_single_server(argc, argv, {}, [](service::Process& process) {
//       return std::make_unique<Smtp>(process);
//     });
//   }
//
// Service types inet, unix and pass. Processes of one service wait for clients side by side; the
// kernel wakes one of them for each client (EPOLLEXCLUSIVE), so there is no accept lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "service/connection.h"
#include "service/process.h"

namespace handoff::service {

class SingleService : public Application {
 public:
  // From the first word to the last; waits are the service's own, and bounded.
  virtual void serve(Connection client) = 0;
  // Before each wait for a client: what could be put off until nobody was waiting. Returns when to
  // be called again at the latest.
  virtual std::optional<std::chrono::milliseconds> while_idle() { return std::nullopt; }
};

using MakeSingleService = std::function<std::unique_ptr<SingleService>(Process&)>;

// The status for main() to return.
int run_single_server(int argc, char** argv, const Needs& needs, const MakeSingleService& make);

}  // namespace handoff::service
