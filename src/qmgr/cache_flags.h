// cache_flags.h - when to ask an agent to look for a cached connection, and to save its own.
//
// The rule of stock, to the letter (spec/queue-and-delivery.md 2.3): saving begins when a
// delivery is started within a second or so of the completion of another one to the same
// destination, and ends when they are no longer back to back; looking up never ends. So the first
// deliveries of a burst never save. A better rule, one that knows how much mail is waiting, has
// its place here and nowhere else.
#pragma once

#include <cstdint>

#include "global/mail_proto.h"

namespace handoff::qmgr {

class CacheFlags {
 public:
  // An entry has been chosen for delivery and counts as busy already. Seconds since the epoch.
  int on_selected(int busy, std::int64_t now) {
    using namespace global::request_flag;
    const bool back_to_back = last_done_ + 1 >= now;
    if ((flags_ & kCacheStore) == 0) {
      if (back_to_back) flags_ |= kCacheLoad | kCacheStore;
    } else if (busy <= 1 && !back_to_back) {
      flags_ &= ~kCacheStore;
    }
    return flags_;
  }
  // A delivery that had been sent to an agent is over, well or not.
  void on_done(std::int64_t now) { last_done_ = now; }
  // The destination is dead.
  void forget() { flags_ = 0; }

 private:
  int flags_ = 0;
  std::int64_t last_done_ = 0;
};

}  // namespace handoff::qmgr
