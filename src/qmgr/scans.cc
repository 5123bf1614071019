#include "qmgr/scans.h"

#include <utility>

#include "global/mail_proto.h"
#include "util/msg.h"

namespace handoff::qmgr {

Scans::Scans()
    : incoming_(global::queue_name::kIncoming), deferred_(global::queue_name::kDeferred) {}

void Scans::Walk::request() {
  if (scan_)
    again_ = true;
  else
    scan_.emplace(queue_);
}

std::optional<Scans::Found> Scans::Walk::next() {
  while (scan_) {
    auto id = scan_->next();
    if (!id) {
      msg::warn("{}", id.error().what);
      continue;
    }
    if (*id) return Found{queue_, std::move(**id), ignore_times, flushing};
    scan_.reset();
    if (std::exchange(again_, false)) {
      scan_.emplace(queue_);
    } else {
      ignore_times = false;
      flushing = false;
    }
  }
  return std::nullopt;
}

void Scans::ignore_times() {
  incoming_.ignore_times = true;
  deferred_.ignore_times = true;
}

void Scans::flush() {
  incoming_.flushing = true;
  deferred_.flushing = true;
}

std::optional<Scans::Found> Scans::next() {
  const bool incoming_first = std::exchange(incoming_first_, !incoming_first_);
  Walk& first = incoming_first ? incoming_ : deferred_;
  Walk& second = incoming_first ? deferred_ : incoming_;
  if (auto found = first.next()) return found;
  return second.next();
}

}  // namespace handoff::qmgr
