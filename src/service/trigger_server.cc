#include "service/trigger_server.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <list>
#include <vector>

#include "global/master_proto.h"
#include "service/accepting.h"
#include "service/lifetime.h"
#include "service/startup.h"
#include "util/event_loop.h"
#include "util/msg.h"
#include "util/pass_fd.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::service {
namespace {

namespace proto = global::master_proto;

constexpr std::chrono::seconds kWatchdog{1000};
constexpr std::chrono::seconds kPatience{10};  // with who has connected and says nothing
constexpr std::size_t kRequestsAtOnce = 1024;

class Trigger final : public ProcessOf<TriggerServer> {
 public:
  explicit Trigger(Started started)
      : ProcessOf(std::move(started)), status_(take_status_channel(this->started())) {}

  [[nodiscard]] util::Scheduler& scheduler() override { return loop_; }
  void run(TriggerService& service, const Needs& needs);

 private:
  // Somebody who is about to tell what he wants; his connection stays open until that is done.
  struct Caller {
    util::UniqueFd connection;
    util::UniqueFd passed;  // service type "pass": this is where he tells it
    util::Watch watch;
    util::Timer patience;
  };
  using Callers = std::list<Caller>;

  void watch_listeners();
  void accept_one(const util::UniqueFd& listener);
  void pause_accepting();
  void expect_requests(util::UniqueFd connection);
  void on_readable(Callers::iterator caller);
  void receive_passed(Callers::iterator caller);
  // False: nothing there yet. End-of-file and errors end the caller's visit as well.
  bool read_requests(int fd);
  void handle(std::string_view requests);
  void restart_idle_timer();
  void show_progress();
  void leave(Leaving why);
  bool is_transport(std::string_view type) const {
    return util::equal_ignoring_case(started().options.transport, type);
  }

  util::EventLoop loop_;
  TriggerService* service_ = nullptr;
  Lifetime life_;
  StatusChannel status_;
  std::vector<util::UniqueFd> listeners_;
  std::vector<util::Watch> watches_;
  Callers callers_;
  util::Watch master_;
  util::Timer idle_;
  util::Timer pause_;
  util::Timer progress_;
  int uses_ = 0;
  std::optional<Leaving> leaving_;
};

void Trigger::run(TriggerService& service, const Needs& needs) {
  service_ = &service;
  life_ = lifetime(params(), started().options, needs);
  start_watchdog(kWatchdog);
  if (started().options.stand_alone) {
    (void)read_requests(STDIN_FILENO);
    return service.on_exit(Leaving::Done);
  }
  show_progress();
  listeners_ = take_listeners(started());
  master_ = loop_.readable(status_.fd(), [this] { leave(Leaving::MasterGone); });
  watch_listeners();
  restart_idle_timer();
  loop_.run();
  service.on_exit(leaving_.value_or(Leaving::Done));
}

void Trigger::watch_listeners() {
  for (const auto& listener : listeners_) {
    watches_.push_back(loop_.readable(listener.get(), [this, &listener] {
      if (const std::string why = service_->stale(); !why.empty()) {
        msg::info("{} -- restarting", why);
        return leave(Leaving::Stale);
      }
      if (!is_transport(proto::type::kFifo)) return accept_one(listener);
      (void)read_requests(listener.get());
    }));
  }
}

void Trigger::accept_one(const util::UniqueFd& listener) {
  auto accepted = util::accept_connection(listener.get());
  if (accepted) return expect_requests(*std::move(accepted));
  const int code = accepted.error().code;
  if (util::transient_accept_error(code)) return;
  msg::error("{}", accepted.error().what);
  if (out_of_descriptors(code)) pause_accepting();
}

void Trigger::pause_accepting() {
  watches_.clear();
  pause_ = loop_.after(kPauseWithoutDescriptors, [this] { watch_listeners(); });
}

void Trigger::expect_requests(util::UniqueFd connection) {
  const auto caller = callers_.emplace(callers_.end());
  caller->connection = std::move(connection);
  const int fd = caller->connection.get();
  caller->patience = loop_.after(kPatience, [this, caller] { callers_.erase(caller); });
  if (is_transport(proto::type::kPass)) {
    caller->watch = loop_.readable(fd, [this, caller] { receive_passed(caller); });
  } else {
    (void)util::set_nonblocking(fd, true);
    caller->watch = loop_.readable(fd, [this, caller] { on_readable(caller); });
  }
}

void Trigger::receive_passed(Callers::iterator caller) {
  auto passed = util::receive_fd(caller->connection.get());
  if (!passed && passed.error().code == EAGAIN) return;
  if (!passed) {
    msg::warn("{}: cannot receive file descriptor: {}", name(), passed.error().what);
    callers_.erase(caller);
    return;
  }
  caller->passed = *std::move(passed);
  (void)util::set_nonblocking(caller->passed.get(), true);
  caller->watch.cancel();
  caller->watch = loop_.readable(caller->passed.get(), [this, caller] { on_readable(caller); });
}

void Trigger::on_readable(Callers::iterator caller) {
  const int fd = (caller->passed ? caller->passed : caller->connection).get();
  if (read_requests(fd)) callers_.erase(caller);
}

bool Trigger::read_requests(int fd) {
  std::array<char, kRequestsAtOnce> requests;
  const auto count = ::read(fd, requests.data(), requests.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count > 0) handle({requests.data(), static_cast<std::size_t>(count)});
  return true;
}

void Trigger::handle(std::string_view requests) {
  status_.taken();
  service_->on_trigger(requests);
  if (!status_.available()) return leave(Leaving::MasterGone);
  if (life_.max_use && ++uses_ >= *life_.max_use) return leave(Leaving::UsedUp);
  restart_idle_timer();
}

void Trigger::restart_idle_timer() {
  if (life_.max_idle) idle_ = loop_.after(*life_.max_idle, [this] { leave(Leaving::Idle); });
}

void Trigger::show_progress() {
  progress_ = loop_.after(put_off_alarm(), [this] { show_progress(); });
}

void Trigger::leave(Leaving why) {
  if (!leaving_) leaving_ = why;
  loop_.stop();
}

}  // namespace

int run_trigger_server(int argc, char** argv, const Needs& needs, const MakeTriggerService& make) {
  Trigger server(start(argc, argv, kTriggerSkeleton, needs));
  const auto service = make(server);
  enter_jail(server.started(), *service);
  server.run(*service, needs);
  return 0;
}

}  // namespace handoff::service
