// NAME
//   master - start the mail system's daemons when there is work for them
//
// SYNOPSIS
//   master [-Dditvw] [-c config_dir] [-e exit_time] [-s]
//
// DESCRIPTION
//   The master(8) daemon listens on the sockets of all services in master.cf and starts a daemon
//   process when somebody connects and no process is available, up to the service's process limit.
//   It counts its processes, restarts what has ended when it is needed again, and lets a service
//   rest for a while whose processes end before they have served anybody.
//
//   -c config_dir
//     Read main.cf and master.cf there; the daemons do the same.
//   -D
//     Run the debugger_command on the master process after initialization.
//   -d
//     Do not detach from the terminal, and keep standard input, output and error. Where there is no
//     terminal, master still makes a process group of its own, which "postfix stop" ends as a
//     whole.
//   -e exit_time
//     End after so many seconds.
//   -i
//     Run as process 1: no session of its own, keep standard output. Any other process refuses the
//     option, and so does process 1 beside -D, -d or -w. As process 1 master ends like this without
//     the option, too.
//   -s
//     Keep standard output, for "maillog_file = /dev/stdout".
//   -t
//     Test: exit with status 0 when no master runs here, with status 1 when one does, or, with an
//     error message, when that cannot be told. Not together with -w.
//   -v
//     Log more; the daemons do the same.
//   -w
//     Go on in the background, and return when the mail system is up, or with status 1 when it does
//     not come up. Without this option master stays in the foreground.
//
//   Signals: SIGHUP reads the configuration again; daemons end when they have finished what they
//   are doing. SIGTERM ends the mail system.
//
//   Everything in the new configuration is checked before it takes effect: main.cf and master.cf,
//   the values of all parameters that the programs in master.cf read, also those given with -o,
//   that these programs are there and their entries have what they need, and that every new service
//   can be listened on. A mistake is logged, and the mail system goes on
//   with the configuration it had, to the letter: until the next reload, daemons get the main.cf
//   that was accepted last from master, and do not read the file. (Postfix's own daemons read it,
//   and so do commands.) A bad value that is in force already does not stand in the way of a
//   reload. Look-up tables are not checked.
//
//   Only a restart changes queue_directory and inet_protocols: a reload goes on with their old
//   values, with a warning, and daemons get a main.cf that has these.
//
//   Without root privileges ("rootless") everything runs as the current user: there is no chroot
//   and no change of user, whatever master.cf says.
//
//   A service manager is told when the mail system is up, reloads and stops, and why a reload
//   failed, as described in sd_notify(3): the variable NOTIFY_SOCKET names its socket. With
//   systemd, use Type=notify with a foreground start (-d or -s), or NotifyAccess=all with -w.
//
//   As process 1, master also ends what it did not start, and waits for the end of all others,
//   for some seconds, before it ends with status 0.
//
// SECURITY
//   Runs with the privileges it was started with, and serves nobody. Sockets and fifos belong to
//   the mail owner.
//
// DIAGNOSTICS
//   Problems are logged to syslogd(8) or postlogd(8), and at start to standard error. The exit
//   status is not 0 when the mail system does not come up.
//
// CONFIGURATION PARAMETERS
//   Changes to main.cf take effect with "postfix reload".
//
//   @parameters
//
// SEE ALSO
//   master(5), postconf(5), postlogd(8)
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "global/mail_log.h"
#include "global/master_proto.h"
#include "master/detach.h"
#include "master/instance.h"
#include "master/options.h"
#include "master/pid_file.h"
#include "service/debugger.h"
#include "util/descriptor_limit.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/standard_descriptors.h"

namespace handoff::master {
namespace {

namespace proto = global::master_proto;
constexpr const char* kProgram = "master";
constexpr mode_t kUmask = 077;
constexpr const char* kPidFile = "pid/master.pid";

MasterOptions options_from(int argc, char** argv) {
  if (std::getenv(proto::kVerboseVariable) != nullptr) msg::set_verbose(1);
  auto options = util::or_die(parse_master_options({argv, static_cast<std::size_t>(argc)}));
  if (options.verbose > 0) msg::set_verbose(msg::verbose() + options.verbose);
  options.verbose = msg::verbose();
  if (std::getenv(proto::kDebugVariable) != nullptr) options.debug = true;
  if (!options.config_directory.empty()) {
    (void)setenv(proto::kConfigVariable, options.config_directory.c_str(), 1);
  }
  return options;
}

MainSetup enter_queue_directory() {
  MainSetup main = util::or_die(read_main_cf());
  global::open_log(main.config, main.params, kProgram, global::LogRole::Launcher);
  const std::string& queue = main.params.queue_directory;
  if (chdir(queue.c_str()) != 0) {
    const int code = errno;
    main.config.explain("queue_directory", queue, "must be a directory that can be searched");
    msg::fatal("chdir {}: {}", queue, util::errno_text(code));
  }
  return main;
}

// Of main.cf only queue_directory counts: a mistake elsewhere must not keep anybody from finding
// out, and from stopping the one that runs.
bool is_running() {
  global::ConfigOptions choice;
  choice.process_name = kProgram;
  const std::string queue = util::or_die(global::Config::load(choice).value("queue_directory"));
  if (chdir(queue.c_str()) != 0) msg::fatal("chdir {}: {}", queue, util::errno_text(errno));
  return util::or_die(pid_file_is_locked(kPidFile));
}

// Standard error stays until everything is in order: whoever starts us sees what is not.
void leave_terminal(const MasterOptions& options) {
  if (options.attached) return lead_process_group();
  leave_standard_input();
  if (!options.init && !options.keep_stdout) leave_standard_output();
  if (!options.init) become_session_leader();
}

void leave_the_last_of_it(const MasterOptions& options, const Setup& setup) {
  if (options.attached) return;
  global::no_more_to_stderr();
  global::open_log(setup.config, setup.params, kProgram, global::LogRole::Launcher);
  leave_standard_error();
}

int run(int argc, char** argv) {
  (void)umask(kUmask);
  (void)std::signal(SIGPIPE, SIG_IGN);
  if (!util::open_standard_descriptors()) return EXIT_FAILURE;
  close_inherited_descriptors();
  util::raise_descriptor_limit();  // for our children, too
  global::open_log_early(kProgram, global::LogRole::Launcher);
  global::also_to_stderr();
  const MasterOptions options = options_from(argc, argv);
  if (options.test) return is_running() ? EXIT_FAILURE : EXIT_SUCCESS;

  Environment inherited = Environment::own();
  util::UniqueFd parent;
  if (options.wait) parent = fork_and_wait();
  leave_terminal(options);
  MainSetup main = enter_queue_directory();
  const std::string debugger = main.params.debugger_command;
  Instance instance(options, std::move(inherited), std::move(main));
  if (options.debug) service::run_debugger(debugger);
  instance.start();
  leave_the_last_of_it(options, instance.setup());
  announce_ready(std::move(parent));
  instance.run();
}

}  // namespace
}  // namespace handoff::master

int main(int argc, char** argv) {
  return handoff::master::run(argc, argv);
}
