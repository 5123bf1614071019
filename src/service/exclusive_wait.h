// exclusive_wait.h - one of several processes wakes up for a client, not all of them.
//
// The processes of a service all wait for the same listeners. With an ordinary epoll set each
// connection would wake every idle one, only for all but one to find nothing; with EPOLLEXCLUSIVE
// the kernel wakes one. It works only for the set that is waited on itself, not through a set
// within another, so this wait is made beside libevent, which does not know the flag.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "util/unique_fd.h"

namespace handoff::service {

class ExclusiveWait {
 public:
  struct Wake {
    bool master_gone = false;
    std::optional<std::size_t> listener;  // index
  };

  // `status_fd` < 0: there is no master. The descriptors must stay open.
  ExclusiveWait(std::span<const util::UniqueFd> listeners, int status_fd);

  // Neither, when the time is up or a signal came; no limit: for as long as it takes.
  [[nodiscard]] Wake wait(std::optional<std::chrono::milliseconds> limit);

 private:
  void add(int fd, unsigned events, std::size_t tag);

  util::UniqueFd set_;
};

}  // namespace handoff::service
