#include "master/service.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>

#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::master {
namespace {

namespace proto = global::master_proto;

constexpr std::chrono::seconds kStressTime{1000};
constexpr std::chrono::seconds kCrowdWarningInterval{1000};
constexpr std::size_t kRecordsAtOnce = 64;
constexpr int kReadsAtOnce = 1000;
constexpr int kFruitlessInARow = 20;
constexpr std::chrono::seconds kFruitlessTime{2};
constexpr std::chrono::seconds kResumePause{1};

}  // namespace

Service::Service(ServiceContext context, Entry entry, Endpoint endpoint,
                 std::vector<util::UniqueFd> listeners)
    : context_(context),
      entry_(std::move(entry)),
      endpoint_(std::move(endpoint)),
      listeners_(std::move(listeners)),
      wakeups_(context.scheduler) {
  books_.set_process_limit(entry_.process_limit);
}

std::string Service::label() const {
  return fmt::format("{}({})", entry_.name, endpoint_.canonical);
}

void Service::start(StatusPair status) {
  renew_status_channel(std::move(status));
  update_listening();
  start_wakeups();
}

void Service::reconfigure(Entry entry, std::chrono::seconds throttle_time, StatusPair status) {
  entry_ = std::move(entry);
  context_.throttle_time = throttle_time;
  books_.set_process_limit(entry_.process_limit);
  used_ = false;
  renew_status_channel(std::move(status));
  update_listening();
  start_wakeups();
}

void Service::remove() {
  removed_ = true;
  next_wakeup_.cancel();
  throttle_end_.cancel();
  listening_.clear();
  status_watch_.cancel();
  status_ = {};
  for (const pid_t pid : books_.children()) (void)kill(pid, SIGTERM);  // it may be gone already
  listeners_.clear();
}

// Both ends are new: the processes that have the old one see its end-of-file and finish. Until they
// have gone, the books must not take those for available that are busy, for nobody would listen.
void Service::renew_status_channel(StatusPair status) {
  if (status_.ours) read_status();
  status_watch_.cancel();
  status_ = std::move(status);
  status_watch_ = context_.scheduler.readable(status_.ours.get(), [this] { on_status(); });
}

void Service::update_listening() {
  if (removed_) return;
  if (books_.exhausted()) warn_of_crowd();
  if (!books_.should_listen()) return listening_.clear();
  if (!listening_.empty()) return;
  for (const auto& listener : listeners_) {
    listening_.push_back(context_.scheduler.readable(listener.get(), [this] { on_client(); }));
  }
}

void Service::on_client() {
  consider_stress();
  fork_one();
  update_listening();
}

void Service::serve_waiting_client() {
  if (removed_ || !books_.should_listen()) return;
  const bool waiting = std::any_of(listeners_.begin(), listeners_.end(), [](const auto& listener) {
    const auto readable = util::wait_readable(listener.get(), std::chrono::milliseconds(0));
    return readable && *readable;
  });
  if (waiting) on_client();
}

void Service::fork_one() {
  const auto born =
      context_.spawner.spawn(entry_, endpoint_, stressed(), status_.theirs.get(), listeners_);
  if (!born) {
    msg::warn("master_spawn: {} -- throttling", born.error().what);
    return throttle();
  }
  msg::debug("forked {} pid {} for service {}", entry_.command, born->pid, label());
  books_.forked(born->pid, born->generation);
  if (!std::exchange(used_, true) && entry_.wakeup_only_if_used) wake_up();
}

// The buffer is a multiple of a record, and records are written whole: what does not fit the
// pattern was written by somebody who does not know it.
bool Service::read_some_status() {
  std::array<char, sizeof(proto::StatusRecord) * kRecordsAtOnce> buffer;
  const auto size = recv(status_.ours.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && errno == EINTR) return true;
  if (size < 0 && errno == EAGAIN) return false;
  if (size <= 0) msg::panic("service {}: status channel closed", label());
  std::span<const char> bytes(buffer.data(), static_cast<std::size_t>(size));
  while (bytes.size() >= sizeof(proto::StatusRecord)) {
    note(*proto::decode(bytes.first(sizeof(proto::StatusRecord))));
    bytes = bytes.subspan(sizeof(proto::StatusRecord));
  }
  if (!bytes.empty()) {
    std::int32_t pid = 0;
    std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof pid), reinterpret_cast<char*>(&pid));
    msg::warn("service {}: child (pid {}) sent partial status update ({} bytes)", label(), pid,
              bytes.size());
  }
  return true;
}

// All there is, unless somebody writes without an end.
void Service::read_status() {
  for (int i = 0; i < kReadsAtOnce && read_some_status(); ++i) {
  }
}

void Service::on_status() {
  read_status();
  update_listening();
}

void Service::note(const proto::StatusRecord& record) {
  switch (books_.note(record)) {
    case Books::Report::Noted:
    case Books::Report::Unchanged:
    case Books::Report::UnknownChild:
      break;
    case Books::Report::WrongGeneration:
      msg::info("ignoring status update from child pid {} generation {}", record.pid,
                record.generation);
      break;
    case Books::Report::UnknownValue:
      msg::warn("master_status_event: ignoring unknown status: {} allegedly from pid: {}",
                record.availability, record.pid);
      break;
  }
}

void Service::child_died(pid_t pid, int wait_status) {
  report_death(pid, wait_status);
  if (!removed_) read_status();  // what it has said last counts
  const Books::Death death = books_.died(pid, wait_status);
  if (removed_) return;
  if (death == Books::Death::FailedStart && !books_.throttled()) {
    msg::warn("{}: bad command startup -- throttling", context_.spawner.path_of(entry_));
    return throttle();
  }
  consider_brake(death);
  update_listening();
  if (wait_status != 0) resume_work();
}

// A process that was killed had work in hand that nobody will mention before the next wake-up,
// which may be minutes away; stock's master waits for it. When it was the work that killed it, the
// next process dies, too: so not at once again.
void Service::resume_work() {
  if (!next_wakeup_.pending()) return;
  const auto resume = [this] {
    resumed_at_ = context_.scheduler.now();
    wake_up();
  };
  const auto now = context_.scheduler.now();
  if (!resumed_at_ || now - *resumed_at_ >= kResumePause) return resume();
  next_wakeup_ = context_.scheduler.after(
      std::chrono::ceil<util::Scheduler::Duration>(*resumed_at_ + kResumePause - now), resume);
}

// A process that leaves without accepting the client because of whom it was started makes master
// start the next one at once, as fast as the machine can.
void Service::consider_brake(Books::Death death) {
  const auto now = context_.scheduler.now();
  if (death != Books::Death::Fruitless || now - fruitless_since_ > kFruitlessTime) fruitless_ = 0;
  if (death != Books::Death::Fruitless) return;
  if (fruitless_++ == 0) fruitless_since_ = now;
  if (fruitless_ < kFruitlessInARow || books_.throttled()) return;
  fruitless_ = 0;
  msg::warn("{}: {} processes in a row have left without serving anybody -- throttling",
            context_.spawner.path_of(entry_), kFruitlessInARow);
  throttle();
}

void Service::report_death(pid_t pid, int wait_status) const {
  const std::string path = context_.spawner.path_of(entry_);
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0) {
    msg::warn("process {} pid {} exit status {}", path, pid, WEXITSTATUS(wait_status));
  }
  if (!WIFSIGNALED(wait_status)) return;
  const int signal = WTERMSIG(wait_status);
  if (removed_ && signal == SIGTERM) return;
  msg::warn("process {} pid {} killed by signal {}", path, pid, signal);
}

void Service::throttle() {
  books_.throttle();
  listening_.clear();
  throttle_end_ = context_.scheduler.after(context_.throttle_time, [this] { end_throttle(); });
}

void Service::end_throttle() {
  msg::debug("throttle released for command {}", context_.spawner.path_of(entry_));
  throttle_end_.cancel();
  books_.release();
  update_listening();
  resume_work();
}

void Service::forgive() {
  books_.forgive();
  if (books_.throttled()) end_throttle();
}

void Service::start_wakeups() {
  next_wakeup_.cancel();
  if (entry_.wakeup.count() > 0 && !entry_.wakeup_only_if_used) wake_up();
}

void Service::wake_up() {
  if (entry_.wakeup.count() == 0) return;
  next_wakeup_ = context_.scheduler.after(entry_.wakeup, [this] { wake_up(); });
  if (books_.throttled()) return;
  if (auto sent = wakeups_.send(entry_.type, endpoint_); !sent) {
    msg::warn("master_wakeup_timer_event: service {}: {}", label(), sent.error().what);
  }
}

bool Service::stressed() const {
  return stress_end_ && context_.scheduler.now() < *stress_end_;
}

// The last process that the limit permits is about to be forked: from now on, and for a while,
// processes are told to hurry; those that have not been told are replaced when they are idle.
void Service::consider_stress() {
  if (!adapts_to_stress(entry_, endpoint_) || !books_.next_is_the_last()) return;
  const bool before = stressed();
  stress_end_ = context_.scheduler.now() + kStressTime;
  if (!before) replace_processes();
}

void Service::replace_processes() {
  auto status = StatusPair::open();
  if (!status) return msg::warn("service {}: {}", label(), status.error().what);
  renew_status_channel(*std::move(status));
}

void Service::warn_of_crowd() {
  if (!adapts_to_stress(entry_, endpoint_)) return;
  const auto now = context_.scheduler.now();
  if (next_crowd_warning_ && now < *next_crowd_warning_) return;
  next_crowd_warning_ = now + kCrowdWarningInterval;
  msg::warn(
      "service \"{}\" ({}) has reached its process limit \"{}\": new clients may experience "
      "noticeable delays",
      entry_.name, endpoint_.canonical, entry_.process_limit);
  msg::warn(
      "to avoid this condition, increase the process count in master.cf or reduce the service time "
      "per client");
  msg::warn(
      "see http://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration "
      "settings");
}

}  // namespace handoff::master
