#include "util/event_loop.h"

#include <event2/event.h>

#include <algorithm>
#include <cerrno>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::util {
namespace {

timeval to_timeval(Scheduler::Duration duration) {
  const auto ms = std::max<Scheduler::Duration::rep>(duration.count(), 0);
  return {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

}  // namespace

struct EventLoop::State {
  event_base* base = nullptr;
  event* offer = nullptr;  // wakes a turn up in which lines wait for the log
  int handles = 0;
  bool stopping = false;

  // False: nothing is left that could happen.
  bool turn() {
    if (msg::has_waiting()) offer_waiting();
    return event_base_loop(base, EVLOOP_ONCE) == 0;
  }

  void offer_waiting() {
    msg::offer_waiting();
    const timeval interval = to_timeval(msg::kOfferInterval);
    if (msg::has_waiting()) (void)event_add(offer, &interval);  // without it they wait longer
  }
};

// One timer, watch or signal watch.
//
// libevent reckons with a clock of 4 ms grain, read once a turn: a timer may come a little early.
// So each one knows its deadline and goes back to sleep for the rest.
class EventLoop::Event final : public Scheduler::Registration {
 public:
  Event(State& loop, int fd, short what, Call call)
      : loop_(loop), call_(std::move(call)), once_(what == EV_TIMEOUT) {
    event_ = event_new(loop.base, fd, what, on_event, this);
    if (event_ == nullptr) msg::fatal("event_new: out of memory");
    ++loop_.handles;
  }
  ~Event() override {
    event_free(event_);
    --loop_.handles;
    if (gone_ != nullptr) *gone_ = true;
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void add(const timeval* timeout) {
    if (event_add(event_, timeout) != 0) msg::fatal("event_add: {}", errno_text(errno));
  }
  void add_timer(Duration delay) {
    deadline_ = Clock::now() + delay;
    const timeval timeout = to_timeval(delay);
    add(&timeout);
  }

  [[nodiscard]] bool pending() const override {
    return event_pending(event_, EV_READ | EV_WRITE | EV_SIGNAL | EV_TIMEOUT, nullptr) != 0;
  }

 private:
  // An exception must not cross libevent, which would believe for ever that its loop is running.
  static void on_event(evutil_socket_t /*fd*/, short /*what*/, void* self) noexcept {
    static_cast<Event*>(self)->fire();
  }

  void fire() {
    if (once_ && Clock::now() < deadline_) {
      const timeval rest = to_timeval(std::chrono::ceil<Duration>(deadline_ - Clock::now()));
      return add(&rest);
    }
    bool gone = false;
    gone_ = &gone;
    Call call = std::move(call_);  // it may destroy this object, and must live on
    call();
    if (gone) return;
    gone_ = nullptr;
    call_ = std::move(call);
  }

  State& loop_;
  event* event_ = nullptr;
  Call call_;
  bool once_;
  TimePoint deadline_{};
  bool* gone_ = nullptr;  // tells a running fire() that its object is no more
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
  state_->base = event_base_new();
  if (state_->base == nullptr) msg::fatal("event_base_new: {}", errno_text(errno));
  state_->offer = evtimer_new(
      state_->base, [](evutil_socket_t, short, void*) {}, nullptr);
  if (state_->offer == nullptr) msg::fatal("event_new: out of memory");
}

EventLoop::~EventLoop() {
  if (state_->handles != 0) msg::panic("event loop destroyed with {} handles", state_->handles);
  event_free(state_->offer);
  event_base_free(state_->base);
}

Timer EventLoop::after(Duration delay, Call call) {
  auto event = std::make_unique<Event>(*state_, -1, EV_TIMEOUT, std::move(call));
  event->add_timer(delay);
  return Timer(std::move(event));
}

Watch EventLoop::readable(int fd, Call call) {
  auto event = std::make_unique<Event>(*state_, fd, EV_READ | EV_PERSIST, std::move(call));
  event->add(nullptr);
  return Watch(std::move(event));
}

Watch EventLoop::writable(int fd, Call call) {
  auto event = std::make_unique<Event>(*state_, fd, EV_WRITE | EV_PERSIST, std::move(call));
  event->add(nullptr);
  return Watch(std::move(event));
}

Watch EventLoop::on_signal(int signal, Call call) {
  auto event = std::make_unique<Event>(*state_, signal, EV_SIGNAL | EV_PERSIST, std::move(call));
  event->add(nullptr);
  return Watch(std::move(event));
}

void EventLoop::run() {
  while (!state_->stopping) {
    if (!state_->turn()) break;
  }
  state_->stopping = false;
}

void EventLoop::run_once(Duration limit) {
  const Timer at_the_latest = after(limit, [] {});
  (void)state_->turn();  // there is an event: it cannot run out of them
}

bool EventLoop::drain(Duration limit) {
  bool late = false;
  const Timer deadline = after(limit, [&late] { late = true; });
  while (!late && state_->handles > 1) {
    if (!state_->turn()) break;
  }
  return !late;
}

void EventLoop::stop() {
  state_->stopping = true;
  event_base_loopbreak(state_->base);
}

void EventLoop::after_fork() {
  if (event_reinit(state_->base) != 0) msg::fatal("event_reinit: {}", errno_text(errno));
}

}  // namespace handoff::util
