// The alarm rings every third of the limit. restart() only clears the count of rings, so that a
// main loop which turns thousands of times a second pays nothing for it; the limit is exact to a
// third, as in the system that we are compatible with.
#include "util/watchdog.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "util/msg.h"
#include "util/signals.h"

namespace handoff::util {
namespace {

constexpr int kRings = 3;
constexpr unsigned kSecondsToDie = 5;

volatile std::sig_atomic_t rings = 0;

// The log is not made for signal handlers. Where it hangs, the second alarm kills.
void on_alarm(int) {
  rings = rings + 1;
  if (rings < kRings) return;
  (void)signal(SIGALRM, SIG_DFL);
  const itimerval last{.it_interval = {}, .it_value = {.tv_sec = kSecondsToDie, .tv_usec = 0}};
  (void)setitimer(ITIMER_REAL, &last, nullptr);
  let_in(SIGALRM);
  msg::fatal("watchdog timeout");
}

void ring_every(std::chrono::milliseconds interval) {
  const timeval every{.tv_sec = interval.count() / 1000,
                      .tv_usec = static_cast<suseconds_t>(interval.count() % 1000 * 1000)};
  const itimerval timer{.it_interval = every, .it_value = every};
  (void)setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

Watchdog::Watchdog(std::chrono::seconds limit) : third_(std::chrono::milliseconds(limit) / kRings) {
  if (limit.count() < 1) msg::panic("watchdog limit of {} s is too short", limit.count());
  struct sigaction action {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  (void)sigaction(SIGALRM, &action, nullptr);
}

Watchdog::~Watchdog() {
  stop();
  (void)signal(SIGALRM, SIG_DFL);
}

void Watchdog::restart() {
  rings = 0;
  if (!std::exchange(running_, true)) ring_every(third_);
}

void Watchdog::stop() {
  running_ = false;
  ring_every(std::chrono::milliseconds(0));
}

}  // namespace handoff::util
