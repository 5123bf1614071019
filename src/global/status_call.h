// status_call.h - one question to a service that answers with a status, on a connection of its own.
//
// What bounce, defer, trace, verify and flush have in common: the server announces its protocol,
// gets one list and answers with a StatusReply. Every failure on the way is logged and counts as
// status -1 (spec/queue-and-delivery.md 3).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "util/list_connection.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::global {

inline constexpr int kStatusCallFailed = -1;

// Where to ask: "private/bounce", and what it announces.
struct StatusService {
  std::string path;
  std::string_view protocol;                                     // protocol::k...
  std::chrono::milliseconds limit = std::chrono::seconds(3600);  // ipc_timeout, for each wait
};

// Blocks. `request` is an encoded attribute list.
int call_for_status(const StatusService& service, const std::string& request);

// The same on the event loop. `done` is called once, never from within the constructor; destroying
// the call earlier abandons it. `done` may destroy it.
class StatusCall {
 public:
  using Done = std::function<void(int status)>;

  StatusCall(util::Scheduler& scheduler, StatusService service, std::string request, Done done);
  StatusCall(const StatusCall&) = delete;
  StatusCall& operator=(const StatusCall&) = delete;
  ~StatusCall();

 private:
  void start();
  void on_connected(util::UniqueFd socket);
  void on_list(std::string_view list);
  void fail(std::string_view why);
  void finish(int status);

  util::Scheduler& scheduler_;
  StatusService service_;
  std::string request_;  // empty once it has been sent
  Done done_;
  util::UniqueFd connecting_;
  util::Watch connected_;
  util::Timer timer_;
  std::optional<util::ListConnection> server_;
};

}  // namespace handoff::global
