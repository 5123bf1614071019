// scans.h - the walks through the incoming and the deferred queue.
//
// Both take turns, one name at a time, so that neither new nor old mail starves. A request for a
// queue that is being walked through starts it over afterwards, for the walk may have passed
// the place where the new mail is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "global/mail_queue.h"

namespace handoff::qmgr {

class Scans {
 public:
  struct Found {
    std::string_view queue;
    std::string id;
    bool ignore_times = false;
    bool flushing = false;  // defer_transports does not apply
  };

  Scans();

  void start_incoming() { incoming_.request(); }
  void start_deferred() { deferred_.request(); }
  // For the walk that is under way, or the next one, of each queue.
  void ignore_times();
  void flush();

  // The next file; nothing for now when both walks are over.
  std::optional<Found> next();
  [[nodiscard]] bool active() const { return incoming_.active() || deferred_.active(); }
  [[nodiscard]] bool incoming_active() const { return incoming_.active(); }
  // There is no room for more mail: when there is again, new mail goes first.
  void prefer_incoming() { incoming_first_ = true; }

 private:
  class Walk {
   public:
    explicit Walk(std::string_view queue) : queue_(queue) {}
    void request();
    std::optional<Found> next();
    [[nodiscard]] bool active() const { return scan_.has_value(); }

    bool ignore_times = false;
    bool flushing = false;

   private:
    std::string_view queue_;
    std::optional<global::QueueScan> scan_;
    bool again_ = false;
  };

  Walk incoming_;
  Walk deferred_;
  bool incoming_first_ = true;
};

}  // namespace handoff::qmgr
