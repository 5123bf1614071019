#include "util/manual_scheduler.h"

#include <poll.h>

#include <algorithm>
#include <vector>

#include "util/msg.h"

namespace handoff::util {

struct ManualScheduler::Entry {
  enum class Kind { Delay, Readable, Writable, Signal };
  Kind kind;
  int number;  // descriptor or signal
  TimePoint deadline;
  Call call;
  bool pending = true;
};

struct ManualScheduler::State {
  // Entries in the order in which they were asked for.
  std::list<std::shared_ptr<Entry>> entries;
};

class ManualScheduler::Registered final : public Registration {
 public:
  Registered(std::shared_ptr<State> state, std::shared_ptr<Entry> entry)
      : state_(std::move(state)), entry_(std::move(entry)) {}
  ~Registered() override {
    entry_->pending = false;
    state_->entries.remove(entry_);
  }
  [[nodiscard]] bool pending() const override { return entry_->pending; }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<Entry> entry_;
};

// Any moment will do, but zero: so that a clock that was forgotten shows.
ManualScheduler::ManualScheduler()
    : now_(std::chrono::hours(1000)), state_(std::make_shared<State>()) {}

ManualScheduler::~ManualScheduler() = default;

Scheduler::Handle ManualScheduler::registered(std::shared_ptr<Entry> entry) {
  state_->entries.push_back(entry);
  return Handle(std::make_unique<Registered>(state_, std::move(entry)));
}

Timer ManualScheduler::after(Duration delay, Call call) {
  return registered(std::make_shared<Entry>(
      Entry{Entry::Kind::Delay, -1, now_ + std::max(delay, Duration::zero()), std::move(call)}));
}

Watch ManualScheduler::readable(int fd, Call call) {
  return registered(std::make_shared<Entry>(Entry{Entry::Kind::Readable, fd, {}, std::move(call)}));
}

Watch ManualScheduler::writable(int fd, Call call) {
  return registered(std::make_shared<Entry>(Entry{Entry::Kind::Writable, fd, {}, std::move(call)}));
}

Watch ManualScheduler::on_signal(int signal, Call call) {
  return registered(
      std::make_shared<Entry>(Entry{Entry::Kind::Signal, signal, {}, std::move(call)}));
}

void ManualScheduler::advance(Duration by) {
  const TimePoint end = now_ + by;
  while (true) {
    std::shared_ptr<Entry> next;
    for (const auto& entry : state_->entries) {
      if (entry->kind == Entry::Kind::Delay && entry->pending && entry->deadline <= end &&
          (!next || entry->deadline < next->deadline)) {
        next = entry;
      }
    }
    if (!next) break;
    now_ = std::max(now_, next->deadline);
    next->pending = false;
    next->call();
  }
  now_ = end;
}

bool ManualScheduler::ready_once() {
  std::vector<std::shared_ptr<Entry>> due;
  for (const auto& entry : state_->entries) {
    if (entry->kind != Entry::Kind::Readable && entry->kind != Entry::Kind::Writable) continue;
    const short events = entry->kind == Entry::Kind::Readable ? POLLIN : POLLOUT;
    pollfd ask{.fd = entry->number, .events = events, .revents = 0};
    if (poll(&ask, 1, 0) == 1) due.push_back(entry);
  }
  for (const auto& entry : due) {
    if (entry->pending) entry->call();
  }
  return !due.empty();
}

void ManualScheduler::ready() {
  for (int turn = 0; turn < 10'000; ++turn) {
    if (!ready_once()) return;
  }
  msg::panic("a watch does not consume what it is shown");
}

void ManualScheduler::raise(int signal) {
  const auto entries = state_->entries;
  for (const auto& entry : entries) {
    if (entry->kind == Entry::Kind::Signal && entry->number == signal && entry->pending)
      entry->call();
  }
}

std::size_t ManualScheduler::timers() const {
  return static_cast<std::size_t>(std::ranges::count_if(state_->entries, [](const auto& entry) {
    return entry->kind == Entry::Kind::Delay && entry->pending;
  }));
}

}  // namespace handoff::util
