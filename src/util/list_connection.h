// list_connection.h - attribute lists (attr0.h) to and from one peer, on the event loop.
//
// Writes at once and waits only when the kernel has no room; gives out each complete list that
// arrives. A silent, rude or vanished peer costs one call of on_end and nothing else. For servers
// with many clients and for clients that must not block; synchronous ones use attr0::receive.
//
// The owner may destroy the connection from within its handlers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "util/attr0.h"
#include "util/result.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::util {

class ListConnection {
 public:
  struct Handlers {
    // One list, with its end; valid during the call.
    std::function<void(std::string_view list)> on_list;
    // Once, and nothing afterwards: Closed (end-of-file between lists), Protocol (within one),
    // Timeout, Limit or System.
    std::function<void(const Error& why)> on_end;
  };

  // `name` stands in log lines and errors: "private/smtp socket".
  ListConnection(Scheduler& scheduler, UniqueFd socket, std::string name, Handlers handlers);
  ListConnection(const ListConnection&) = delete;
  ListConnection& operator=(const ListConnection&) = delete;
  ~ListConnection();

  [[nodiscard]] const std::string& name() const { return name_; }
  // A failure is told through on_end, later.
  void send(std::string_view bytes);
  // The end comes unless a list arrives within `limit` from now; each list that does cancels it.
  void expect_within(Scheduler::Duration limit);

 private:
  void on_readable();
  bool read_some();  // false: nothing there, or the end
  bool give_lists();
  void on_writable();
  void write_pending();
  void end(Error why);
  void end_soon(Error why);

  Scheduler& scheduler_;
  UniqueFd socket_;
  std::string name_;
  std::shared_ptr<const Handlers> handlers_;  // outlives a connection that its handler destroys
  std::string input_;
  attr0::ListScanner scanner_;
  std::string output_;
  Watch readable_;
  Watch writable_;
  Timer limit_;
  Timer ending_;
  bool more_expected_ = false;  // the last read filled its buffer
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace handoff::util
