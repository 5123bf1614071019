#include "master/spawner.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "global/master_proto.h"
#include "util/msg.h"
#include "util/postlog_child.h"

namespace handoff::master {

namespace proto = global::master_proto;

namespace {

// No signal reaches the handlers of this process while one of these lives. In a forked child they
// would still write into the event loop of its parent.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() { (void)sigprocmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  // In the child.
  void drop_handlers() const {
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action {};
      if (sigaction(signal, nullptr, &action) != 0) continue;  // one of the C library's own
      if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
        (void)std::signal(signal, SIG_DFL);
      }
    }
  }
  void still_hold(int signal) { (void)sigaddset(&before_, signal); }

 private:
  sigset_t before_;
};

// A log server that is just starting when the mail system stops has the last lines still to write,
// so it starts with SIGTERM held back. Ours lets it in when it is ready; stock's goes when it sees
// that its master is gone.
pid_t fork_child(ServiceType type) {
  SignalsHeld signals;
  const pid_t pid = fork();
  if (pid != 0) return pid;
  signals.drop_handlers();
  msg::leave_waiting_to_parent();
  if (type == ServiceType::UnixDatagram) signals.still_hold(SIGTERM);
  return pid;
}

}  // namespace

Spawner::Spawner(MasterMode mode) : mode_(mode) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) {
    msg::fatal("pipe: {}", util::errno_text(errno));
  }
  flow_read_.reset(ends[0]);
  flow_write_.reset(ends[1]);
}

void Spawner::configure(std::string daemon_directory, Environment environment) {
  daemon_directory_ = std::move(daemon_directory);
  environment_ = std::move(environment);
  environment_.remove(proto::kMainCfVariable);  // whatever is imported
  main_cf_ = -1;
}

std::string Spawner::path_of(const Entry& entry) const {
  return daemon_directory_ + "/" + entry.command;
}

util::Result<Spawner::Born> Spawner::spawn(const Entry& entry, const Endpoint& endpoint,
                                           bool stressed, int status,
                                           const std::vector<util::UniqueFd>& listeners) {
  Command command{path_of(entry), child_arguments(entry, endpoint, mode_, stressed), environment_};
  Inheritance inheritance{flow_read_.get(), flow_write_.get(), status, {}, main_cf_};
  for (const auto& listener : listeners) inheritance.listeners.push_back(listener.get());
  const unsigned generation = ++generation_;
  command.environment.set(proto::kGenerationVariable, generation_text(generation));
  if (main_cf_ >= 0) {
    const std::size_t place = proto::kFirstListenerFd + listeners.size();
    command.environment.set(proto::kMainCfVariable, std::to_string(place));
  }

  const pid_t pid = fork_child(entry.type);
  if (pid < 0) return util::Error::system("fork", errno);
  if (pid == 0) become(command, inheritance);
  return Born{pid, generation};
}

}  // namespace handoff::master
