// relay.h - standard input and output as one client (option -S).
//
// Daemons talk to a socket. In stand-alone mode a child process carries the bytes between it and
// standard input and output, until the daemon hangs up.
#pragma once

#include <sys/types.h>

#include "service/connection.h"
#include "util/unique_fd.h"

namespace handoff::service {

class Relay {
 public:
  Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  // Closes our end if nobody took it, and waits until the last byte has been written.
  ~Relay();

  [[nodiscard]] Connection take_client() { return {std::move(client_), {}}; }

 private:
  util::UniqueFd client_;
  pid_t child_ = -1;
};

}  // namespace handoff::service
