// idle_watch.h - notices when the remote end of an idle connection closes it or speaks.
//
// For any number of connections: one epoll set of its own, of which the event loop sees only one
// descriptor. A connection costs one system call when it comes and one when it leaves, and no
// memory of ours. Only sockets: an idle pipe or file says nothing by being readable.
#pragma once

#include <cstdint>
#include <functional>

#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::global {

class IdleWatch {
 public:
  enum class Event { Closed, Error, Data };
  // `tag` is what add() was given; the connection must be removed before it is closed.
  using Call = std::function<void(std::uint32_t tag, int connection, Event event)>;

  IdleWatch(util::Scheduler& scheduler, Call call);

  // False: it cannot be watched (a file, or no memory for it), and need not be removed.
  bool add(int connection, std::uint32_t tag);
  // Also before the connection is closed or given away: the kernel keeps reporting it as long as
  // any process has it open.
  void remove(int connection);

 private:
  void on_events();
  void on_event(std::uint64_t key, std::uint32_t events);

  Call call_;
  util::UniqueFd set_;
  util::Watch watch_;
};

}  // namespace handoff::global
