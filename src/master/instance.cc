#include "master/instance.h"

#include <fmt/format.h>
#include <malloc.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "global/mail_log.h"
#include "global/master_proto.h"
#include "master/daemon_check.h"
#include "master/listeners.h"
#include "master/pid_file.h"
#include "util/msg.h"
#include "util/or_die.h"

namespace handoff::master {
namespace {

namespace proto = global::master_proto;
using util::Status;

constexpr const char* kProgram = "master";
constexpr std::chrono::seconds kWatchdogLimit{1000};
constexpr std::chrono::seconds kProgressInterval = kWatchdogLimit / 4;
constexpr unsigned kSecondsToDie = 5;
constexpr std::string_view kServing = "serving";
constexpr std::string_view kPidFile = "master.pid";
constexpr std::string_view kLockFile = "master.lock";

// The event loop cannot help when the process itself is broken: end the group, then die of it.
void on_crash(int signal) {
  (void)std::signal(SIGTERM, SIG_IGN);
  (void)kill(-getpid(), SIGTERM);
  (void)std::signal(signal, SIG_DFL);
  (void)raise(signal);
}

std::string describe(const Setup& setup) {
  return fmt::format("version {}, configuration {}", setup.params.mail_version,
                     setup.config.directory());
}

void announce_rootless() {
  if (!global::rootless()) return;
  const passwd* user = getpwuid(geteuid());
  msg::info("not running as root: no chroot, and every process runs as user {}",
            user != nullptr ? user->pw_name : std::to_string(geteuid()));
}

// What opening the log has exported, behind the rest, whether imported or not.
void add_log_variables(Environment& environment) {
  const Environment own = Environment::own();
  for (const char* name : {proto::kPostlogSocketVariable, proto::kPostlogHostVariable}) {
    if (const auto value = own.find(name)) {
      environment.set(name, *value);
    } else {
      environment.remove(name);
    }
  }
}

}  // namespace

Instance::Instance(const MasterOptions& options, Environment inherited, MainSetup main)
    : options_(options),
      inherited_(std::move(inherited)),
      main_(std::move(main)),
      manager_(util::ServiceManager::from_environment()),
      launcher_(loop_, {.attached = options.attached, .verbose = options.verbose > 0}) {
  lock();
}

Instance::~Instance() = default;

void Instance::lock() {
  namespace directory = proto::directory;
  const global::Config& config = main_->config;
  const global::Params& params = main_->params;
  auto pid_file = take_pid_file(fmt::format("{}/{}", directory::kPid, kPidFile));
  if (!pid_file && pid_file.error().code != EWOULDBLOCK) {  // else it is running already
    config.explain("queue_directory", params.queue_directory,
                   "must be a directory with a directory pid that can be written");
  }
  pid_file_ = util::or_die(std::move(pid_file));
  const AsOwner as_owner(main_->owner);
  auto lock_file = take_pid_file(fmt::format("{}/{}", params.data_directory, kLockFile));
  if (!lock_file) {
    config.explain("data_directory", params.data_directory,
                   "must be a directory of this mail system only, in which the mail owner can "
                   "write");
  }
  lock_file_ = util::or_die(std::move(lock_file));
}

void Instance::start() {
  Setup setup = util::or_die(read_setup(*std::move(main_)));
  main_.reset();
  auto environment = util::or_die(imported_environment(setup.config, setup.params));
  add_log_variables(environment);
  watch_signals();
  launcher_.use(util::or_die(launcher_.prepare(std::move(setup))), std::move(environment));
  if (options_.exit_after) {
    exit_timer_ = loop_.after(*options_.exit_after, [] {
      msg::info("master exit time has arrived");
      msg::flush();
      std::_Exit(EXIT_SUCCESS);
    });
  }
  msg::info("daemon started -- {}", describe(launcher_.setup()));
  announce_rootless();
}

void Instance::run() {
  (void)malloc_trim(0);  // what it took to read the configuration will not be needed for long
  manager_.ready(kServing);
  watchdog_.emplace(kWatchdogLimit);
  put_off_alarm();
  while (true) loop_.run();
}

void Instance::put_off_alarm() {
  watchdog_->stop();
  watchdog_->restart();
  progress_ = loop_.after(kProgressInterval, [this] { put_off_alarm(); });
}

void Instance::watch_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    signals_.push_back(loop_.on_signal(signal, [this, signal] { terminate(signal); }));
  }
  signals_.push_back(loop_.on_signal(SIGHUP, [this] { reload(); }));
  signals_.push_back(loop_.on_signal(SIGCHLD, [this] { on_child(); }));
  for (const int signal : {SIGILL, SIGBUS, SIGSEGV}) (void)std::signal(signal, on_crash);
}

// As process 1 we are also told of the end of processes that others have left behind.
void Instance::on_child() {
  const bool alone = !launcher_.reap();
  if (!last_moment_.pending()) return;
  if (!launcher_.somebody_leaves() && !log_ends_) {
    log_ends_ = true;
    launcher_.remove_log();
    return on_child();
  }
  if (alone) _exit(EXIT_SUCCESS);
}

// The line is logged first, so that postlogd has it before it learns that it must go. The signal
// is raised again for the sake of the exit status.
void Instance::terminate(int signal) {
  const std::string line = fmt::format("terminating on signal {}", signal);
  manager_.stopping(line);
  (void)std::signal(SIGALRM, SIG_DFL);
  (void)alarm(kSecondsToDie);
  (void)std::signal(SIGTERM, SIG_IGN);
  launcher_.reap();
  msg::info("{}", line);
  if (kill(-getpid(), SIGTERM) != 0) {  // we lead no group (-d at a terminal)
    for (const pid_t child : launcher_.children()) (void)kill(child, SIGTERM);
  }
  launcher_.serve_log();
  msg::flush();
  // A signal that it does not handle does nothing to process 1, asked for with -i or not.
  if (options_.init || getpid() == 1) return end_as_init();
  (void)std::signal(signal, SIG_DFL);
  (void)raise(signal);
  _exit(EXIT_FAILURE);
}

// The end of process 1 is a SIGKILL for all others, also for those that still have something to
// write, and the last lines of the log.
void Instance::end_as_init() {
  launcher_.remove_all_but_log();
  last_moment_ = loop_.after(std::chrono::seconds(kSecondsToDie), [] { _exit(EXIT_SUCCESS); });
  on_child();
}

void Instance::reload() {
  if (last_moment_.pending()) return;
  msg::info("reload -- {}", describe(launcher_.setup()));
  manager_.reloading();
  if (const Status done = try_reload(); !done) {
    msg::warn("{}", done.error().what);
    msg::warn("reload failed: the mail system goes on with the configuration it had");
    launcher_.keep_setup();
    return manager_.ready("reload failed: " + done.error().what);
  }
  (void)malloc_trim(0);
  manager_.ready(kServing);
}

// Everything is read, checked and opened before anything of the running system is touched.
Status Instance::try_reload() {
  auto main = read_main_cf(&launcher_.setup().params);
  if (!main) return std::move(main).error();
  auto setup = read_setup(*std::move(main));
  if (!setup) return std::move(setup).error();
  if (auto sound = check_daemons(*setup, launcher_.setup()); !sound) return sound;
  auto environment = imported_environment(setup->config, setup->params);
  if (!environment) return std::move(environment).error();
  auto plan = launcher_.prepare(*std::move(setup));
  if (!plan) return std::move(plan).error();
  const Setup& planned = plan->setup();
  auto opened =
      global::try_open_log(planned.config, planned.params, kProgram, global::LogRole::Launcher);
  if (!opened) return opened;
  add_log_variables(*environment);
  launcher_.use(*std::move(plan), *std::move(environment));
  return {};
}

util::Result<Environment> Instance::imported_environment(const global::Config& config,
                                                         const global::Params& params) const {
  Environment base = inherited_;
  base.set(proto::kLogTagVariable, params.syslog_name);
  return base.imported(config, params.import_environment);
}

}  // namespace handoff::master
