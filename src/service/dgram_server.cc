#include "service/dgram_server.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "global/master_proto.h"
#include "service/lifetime.h"
#include "service/startup.h"
#include "util/event_loop.h"
#include "util/msg.h"
#include "util/signals.h"

namespace handoff::service {
namespace {

using namespace std::chrono_literals;

constexpr auto kWatchdog = 1000s;
constexpr std::size_t kLargest = 4096;
// So that a flood of datagrams cannot keep the loop from noticing that master is gone.
constexpr int kDatagramsAtOnce = 100;
// Master outlives this only when it is not its own end that brought the signal.
constexpr auto kLastWords = 5s;

class Dgram final : public ProcessOf<Process> {
 public:
  explicit Dgram(Started started)
      : ProcessOf(std::move(started)), status_(take_status_channel(this->started())) {}

  void run(DgramService& service, const Needs& needs);

 private:
  void on_readable(int listener);
  // How many, at most `limit`.
  int receive(int listener, int limit);
  void empty_sockets();
  void restart_idle_timer();
  void show_progress();
  void leave(Leaving why);

  util::EventLoop loop_;
  DgramService* service_ = nullptr;
  Lifetime life_;
  StatusChannel status_;
  std::vector<util::UniqueFd> listeners_;
  std::vector<util::Watch> watches_;
  util::Watch master_;
  util::Watch terminate_;
  util::Timer idle_;
  util::Timer progress_;
  util::Timer last_words_;
  int uses_ = 0;
  Leaving why_ = Leaving::Done;
};

void Dgram::run(DgramService& service, const Needs& needs) {
  service_ = &service;
  life_ = lifetime(params(), started().options, needs);
  start_watchdog(kWatchdog);
  show_progress();
  listeners_ = take_listeners(started());
  master_ = loop_.readable(status_.fd(), [this] { leave(Leaving::MasterGone); });
  // The signal goes to all processes at once, and those that it ends may have something to say.
  terminate_ = loop_.on_signal(SIGTERM, [this] {
    last_words_ = loop_.after(kLastWords, [this] { leave(Leaving::MasterGone); });
  });
  util::let_in(SIGTERM);  // master starts us with it held back
  for (const auto& listener : listeners_) {
    watches_.push_back(
        loop_.readable(listener.get(), [this, fd = listener.get()] { on_readable(fd); }));
  }
  restart_idle_timer();
  loop_.run();
  empty_sockets();
  service.on_exit(why_);
}

void Dgram::on_readable(int listener) {
  status_.taken();
  uses_ += receive(listener, kDatagramsAtOnce);
  if (!status_.available()) return leave(Leaving::MasterGone);
  if (life_.max_use && uses_ >= *life_.max_use) return leave(Leaving::UsedUp);
  restart_idle_timer();
}

int Dgram::receive(int listener, int limit) {
  std::array<char, kLargest> datagram;
  int count = 0;
  for (; count < limit; ++count) {
    const auto size = recv(listener, datagram.data(), datagram.size(), MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
      msg::warn("failed to receive message with recv: {}", util::errno_text(errno));
    }
    if (size < 0) break;
    service_->on_datagram({datagram.data(), static_cast<std::size_t>(size)});
  }
  return count;
}

// Bounded by the kernel's queue, which is short, and by nobody having reason to send now.
void Dgram::empty_sockets() {
  constexpr int kRounds = 100;
  for (const auto& listener : listeners_) {
    for (int round = 0; round < kRounds; ++round) {
      if (receive(listener.get(), kDatagramsAtOnce) < kDatagramsAtOnce) break;
    }
  }
}

void Dgram::restart_idle_timer() {
  if (life_.max_idle) idle_ = loop_.after(*life_.max_idle, [this] { leave(Leaving::Idle); });
}

void Dgram::show_progress() {
  progress_ = loop_.after(put_off_alarm(), [this] { show_progress(); });
}

void Dgram::leave(Leaving why) {
  why_ = why;
  loop_.stop();
}

}  // namespace

int run_dgram_server(int argc, char** argv, const Needs& needs, const MakeDgramService& make,
                     global::LogRole log) {
  Dgram server(start(argc, argv, kDgramSkeleton, needs, log));
  const auto service = make(server);
  enter_jail(server.started(), *service);
  server.run(*service, needs);
  return 0;
}

}  // namespace handoff::service
