// second_socket.h - where our own clients find scache(8): private/<service name>.handoff.
//
// Bound by the process itself, for master(8) knows nothing of it. The name stays when the process
// ends; the next one takes it over. A client that finds nobody behind it goes to the first socket,
// which makes master start a process.
//
// A service that is not in the private directory, or not on a path at all, has no second socket.
// One that cannot be bound costs a warning.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "global/scache_dialogue.h"
#include "service/multi_server.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::scache {

class SecondSocket {
 public:
  // After privileges were dropped. Both must outlive it.
  SecondSocket(service::MultiServer& server, global::scache::Desk& desk);
  ~SecondSocket();
  // Answers what clients have asked so far, and lets them go: nothing they send is lost unread.
  void settle();
  SecondSocket(const SecondSocket&) = delete;
  SecondSocket& operator=(const SecondSocket&) = delete;

 private:
  struct Guest;
  void watch();
  void accept_one();
  void pause_accepting();

  service::MultiServer& server_;
  global::scache::Desk& desk_;
  util::UniqueFd listener_;
  util::Watch watch_;
  util::Timer pause_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Guest>> guests_;
  std::uint64_t next_guest_ = 0;
};

}  // namespace handoff::scache
