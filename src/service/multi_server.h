// multi_server.h - a daemon that serves many clients, each with many short requests.
//
//   int main(int argc, char** argv) {
//     return service::run_multi_server(argc, argv, {.processes = service::Needs::Processes::One},
//                                      [](service::MultiServer& server) {
//                                        return std::make_unique<Scache>(server);
//                                      });
//   }
//
// The application owns its connections and their input and output, and never blocks: it watches
// them through scheduler(). The skeleton accepts, counts clients, talks to master(8) and knows
// when to leave. Service types inet, unix and pass.
//
// When master has gone or was reloaded the process leaves, at once or when the application has
// finished what it has in hand (master_has_gone()), even with clients connected.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/connection.h"
#include "service/process.h"
#include "util/scheduler.h"

namespace handoff::service {

class MultiServer : public Process {
 public:
  [[nodiscard]] virtual util::Scheduler& scheduler() = 0;
  [[nodiscard]] virtual std::size_t clients() const = 0;

  // Around each request, so that master starts another process while this one is busy. Where the
  // process limit is one they cost nothing but once.
  virtual void request_begins() = 0;
  virtual void request_ended() = 0;

  // Where clients find this service, below the queue directory: "private/scache". Empty when that
  // is no path (an Internet service; a client on standard input).
  [[nodiscard]] virtual std::string socket_path() const = 0;

  // For clients that came another way than through master's listeners.
  [[nodiscard]] virtual Presence add_client() = 0;
  // Leaves as if master had asked for it.
  virtual void leave(Leaving why) = 0;
};

struct Client {
  Connection connection;
  Presence presence;
};

class MultiService : public Application {
 public:
  // Takes the client over; say the greeting here.
  virtual void on_client(Client client) = 0;
  // Nobody was here for max_idle: is there a reason to stay nevertheless, for that long again?
  virtual bool wants_to_stay() { return false; }
  // No clients come anymore. True: leaves now. False: there are things to finish first; the
  // application calls MultiServer::leave() soon.
  virtual bool master_has_gone() { return true; }
  // Descriptors have run short, and a client waits. True: there is room for it now.
  virtual bool make_room() { return false; }
};

using MakeMultiService = std::function<std::unique_ptr<MultiService>(MultiServer&)>;

int run_multi_server(int argc, char** argv, const Needs& needs, const MakeMultiService& make);

}  // namespace handoff::service
