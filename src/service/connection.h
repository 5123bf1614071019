// connection.h - a client that has been accepted.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "util/unique_fd.h"

namespace handoff::service {

struct Connection {
  util::UniqueFd fd;  // blocking mode, close-on-exec
  // What came along with a passed connection (service type "pass"): name, value.
  std::map<std::string, std::string> attributes;
};

// Somebody because of whom the process stays: it neither idles out nor is used up before all of
// these are gone. Destroy it when the client has gone.
class Presence {
 public:
  class Counter {
   public:
    Counter() = default;
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;
    virtual ~Counter() = default;
    virtual void left() noexcept = 0;
  };

  Presence() = default;
  explicit Presence(std::weak_ptr<Counter> counter) : counter_(std::move(counter)) {}
  Presence(Presence&& other) noexcept : counter_(std::move(other.counter_)) {}
  Presence& operator=(Presence&& other) noexcept {
    if (this == &other) return *this;
    leave();
    counter_ = std::move(other.counter_);
    return *this;
  }
  ~Presence() { leave(); }

 private:
  void leave() noexcept {
    if (const auto counter = std::exchange(counter_, {}).lock()) counter->left();
  }

  std::weak_ptr<Counter> counter_;
};

}  // namespace handoff::service
