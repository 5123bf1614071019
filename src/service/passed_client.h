// passed_client.h - the receiving end of service type "pass" (spec/master.md 4.11).
//
// The passer connects, sends one byte with the client's descriptor, then an attribute list about
// the client: name NUL value NUL ... NUL. It has 100 s for all of it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "service/connection.h"
#include "util/attr0.h"
#include "util/result.h"
#include "util/scheduler.h"

namespace handoff::service {

constexpr std::chrono::seconds kPassLimit{100};

// A complete list as names and values.
util::Result<std::map<std::string, std::string>> parse_pass_attributes(std::string_view list);

// Waits for it. What goes wrong is logged.
std::optional<Connection> receive_passed_client(util::UniqueFd passer);

// Waits for it in the event loop. `done` is called once, with a client or without, and may destroy
// this object.
class PassedClient {
 public:
  using Done = std::function<void(std::optional<Connection>)>;

  PassedClient(util::Scheduler& scheduler, util::UniqueFd passer);
  void on_done(Done done) { done_ = std::move(done); }

 private:
  void on_readable();
  void on_list();
  void fail(std::string_view why);
  void finish(std::optional<Connection> client);

  util::UniqueFd passer_;
  Done done_;
  util::UniqueFd client_;
  std::string list_;
  util::attr0::ListScanner scanner_;
  util::Watch watch_;
  util::Timer limit_;
};

}  // namespace handoff::service
