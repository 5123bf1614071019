// NAME
//   postfix - control the mail system
// SYNOPSIS
//   postfix [-Dv] [-c config_dir] command
// DESCRIPTION
//   Starts and stops the mail system, and keeps its house in order.
//
//   check     Creates missing directories and warns about wrong owners and modes.
//   start     The same, then starts the mail system; returns when it is up.
//   start-fg  The same, in the foreground: for containers and supervisors. As process 1 it also
//             buries orphans.
//   stop      Ends the mail system: processes may finish what they are doing for a short time.
//   quick-stop
//             The same; the next start will not look at owners and modes first.
//   abort     Ends the mail system now, without waiting for it.
//   drain     Ends the master process alone; the others finish what they are doing, and end.
//   reload    Reads the configuration again. Processes end when they have finished what they are
//             doing.
//   flush     Tries to deliver all mail that waits.
//   status    Tells whether the mail system is running, and as which process.
//   set-permissions [name=value ...]
//             Gives files and directories their owners and modes, as postfix-files says.
//   upgrade-configuration [name=value ...]
//             Adds to master.cf the services that it does not have yet, as comments those of a
//             server that takes mail from the network, and mends what was usual once. Where main.cf
//             does not mention inet_protocols it becomes ipv4, the default of old.
//   logrotate
//             Renames the log file (maillog_file, and maillog_json_file with it), lets the mail
//             system begin a new one, and compresses the old. One that is below /dev stays.
//   post-install [argument ...]
//             Runs the script of that name, see there.
//   /path/to/program [argument ...]
//             Runs a program in the environment of this installation.
//
//   -c config_dir   Where main.cf is; an absolute path.
//   -D              With start: run debugger_command on master(8).
//   -v              Verbose logging. More than one: more verbose.
//
//   All of this is done by daemon_directory/postfix-script, which runs in the queue directory; its
//   environment holds what import_environment lets through, MAIL_CONFIG, PATH, and a variable for
//   each directory and account of the installation, named like its parameter. When neither -c nor
//   MAIL_CONFIG names a configuration, and multi_instance_directories has others besides the
//   default one, multi_instance_wrapper is run in its place.
//
//   The script asks postconf(1), which must be in command_directory. Postfix's postqueue(1) and
//   postsuper(1) are used where they are there: without them, "flush" tells qmgr(8) itself, and
//   nobody looks for damaged queue files.
//
//   Without root ("rootless") this works for an installation of one's own: the queue directory
//   belongs to the user, who also is the mail owner.
// SECURITY
//   Reserved for root, and for the owner of a rootless installation.
// DIAGNOSTICS
//   Messages go to the log and to standard error. The exit status is 0 when the command did what it
//   says. "status" ends with 1 when the mail system is not running, "flush" with 69.
// CONFIGURATION PARAMETERS
//   @parameters
// SEE ALSO
//   master(8), postlog(1), postlogd(8), postconf(1)
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "global/config.h"
#include "global/environment.h"
#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/mail_proto.h"
#include "global/master_proto.h"
#include "global/params.h"
#include "global/trigger.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/result.h"
#include "util/service_manager.h"
#include "util/text.h"

namespace handoff::postfix {
namespace {

using namespace std::chrono_literals;
namespace proto = global::master_proto;

constexpr const char* kProgram = "postfix";
// Below this, defaults are those of older versions.
constexpr std::string_view kLatestLevel = "3.6";
constexpr const char* kPath = "/bin:/usr/bin:/sbin:/usr/sbin";
// As sysexits.h has it: what postqueue(1) says when nobody answers.
constexpr int kUnavailable = 69;

// What the script gets to know about the installation, under these names.
constexpr std::array kHandedDown = {
    "maillog_json_file", "command_directory", "daemon_directory", "data_directory",
    "meta_directory",    "queue_directory",   "config_directory", "shlib_directory",
    "mail_owner",        "setgid_group",      "sendmail_path",    "mailq_path",
    "newaliases_path",   "manpage_directory", "sample_directory", "readme_directory",
    "html_directory",
};

struct Options {
  std::string config_directory;  // empty: not given
  bool debug = false;
  int verbose = 0;
  std::vector<std::string> command;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int given; (given = getopt(argc, argv, "+c:Dv")) != -1;) {
    switch (given) {
      case 'c':
        if (*optarg != '/') msg::fatal("-c requires absolute pathname");
        options.config_directory = optarg;
        break;
      case 'D':
        options.debug = true;
        break;
      case 'v':
        msg::set_verbose(++options.verbose);
        break;
      default:
        msg::fatal("usage: {} [-c config_dir] [-Dv] command", kProgram);
    }
  }
  options.command.assign(argv + optind, argv + argc);
  return options;
}

// Whose mail system it is. An ordinary user may have one of his own.
void check_caller(const global::Params& params) {
  if (!global::rootless()) return;
  struct stat queue {};
  const bool exists = stat(params.queue_directory.c_str(), &queue) == 0;
  if (!exists || queue.st_uid == geteuid()) return;
  msg::error("to submit mail, use the Postfix sendmail command");
  msg::fatal("the postfix command is reserved for the superuser");
}

void mention_old_defaults(const global::Config& config) {
  const std::string old = util::or_die(config.expand(
      fmt::format("${{{{$compatibility_level}} <level {{{}}} ? {{yes}} : {{no}}}}", kLatestLevel)));
  if (old != "yes") return;
  msg::info("Postfix is using backwards-compatible default settings");
  msg::info("See http://www.postfix.org/COMPATIBILITY_README.html for details");
  msg::info(
      "To disable backwards compatibility use \"postconf compatibility_level={}\" and \"postfix "
      "reload\"",
      kLatestLevel);
}

void check_json_log(const global::Config& config, const global::Params& params) {
  const std::string& path = params.maillog_json_file;
  if (path.empty()) return;
  const auto allowed = global::check_log_file(config, params, "maillog_json_file", path);
  if (!allowed) msg::warn("{}", allowed.error().what);
}

global::Environment script_environment(const Options& options, const global::Config& config,
                                       const global::Params& params) {
  auto environment =
      util::or_die(global::Environment::own().imported(config, params.import_environment));
  constexpr const char* kNotify = util::ServiceManager::kVariable;
  if (const auto socket = global::Environment::own().find(kNotify)) {
    environment.set(kNotify, *socket);  // for master(8), which is what the service manager runs
  }
  environment.set("PATH", kPath);
  environment.set(proto::kConfigVariable, config.directory());
  if (options.debug) environment.set(proto::kDebugVariable, "");
  if (options.verbose > 0) environment.set(proto::kVerboseVariable, "");
  for (const char* name : kHandedDown) environment.set(name, util::or_die(config.value(name)));
  return environment;
}

// All must exist; the last is where the script runs.
void enter_directories(const global::Params& params) {
  for (const std::string& directory :
       {params.command_directory, params.daemon_directory, params.queue_directory}) {
    if (chdir(directory.c_str()) != 0)
      msg::fatal("chdir({}): {}", directory, util::errno_text(errno));
  }
}

[[noreturn]] void execute(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  msg::flush();
  execvp(pointers[0], pointers.data());
  msg::fatal("{}: {}", words[0], util::errno_text(errno));
}

// What postqueue(1) does, where it is not installed. In the queue directory.
int flush(const global::Params& params) {
  constexpr auto kPatience = 10s;
  const std::string prefix = std::string(global::service_class::kPublic) + '/';
  const auto sent = global::send_trigger(prefix + params.queue_service_name,
                                         global::trigger_request::kFlush, kPatience);
  if (!sent) {
    if (sent.error().code != ECONNREFUSED) msg::warn("{}", sent.error().what);
    msg::log(msg::Level::Fatal, "Cannot flush mail queue - mail system is down", {});
    return kUnavailable;
  }
  global::trigger_service(global::service_class::kPublic, params.pickup_service_name,
                          std::string(1, global::trigger_request::kWakeup), kPatience);
  return EXIT_SUCCESS;
}

bool flushes_here(const Options& options, const global::Params& params) {
  if (options.command.empty() || options.command[0] != "flush") return false;
  return access((params.command_directory + "/postqueue").c_str(), X_OK) != 0;
}

std::vector<std::string> script_command(const Options& options, const global::Params& params,
                                        bool all_instances) {
  std::vector<std::string> words;
  if (all_instances) {
    if (util::trim(params.multi_instance_wrapper).empty())
      msg::fatal("multi-instance support is requested, but multi_instance_wrapper is empty");
    for (const auto word : util::split(params.multi_instance_wrapper, ", \t\r\n"))
      words.emplace_back(word);
  } else {
    words.push_back(params.daemon_directory + "/postfix-script");
  }
  words.insert(words.end(), options.command.begin(), options.command.end());
  return words;
}

int run(int argc, char** argv) {
  (void)umask(S_IWGRP | S_IWOTH);
  global::open_log_early(kProgram, global::LogRole::Keeper);
  msg::set_tag(kProgram);
  global::also_to_stderr();
  const bool chosen = std::getenv(proto::kConfigVariable) != nullptr;
  const Options options = parse_options(argc, argv);
  global::ConfigOptions choice;
  choice.process_name = kProgram;
  choice.directory = options.config_directory;
  const auto config = global::Config::load(choice);
  const auto params = global::load_params(config, kProgram);
  check_caller(params);
  global::open_log(config, params, kProgram, global::LogRole::Keeper);
  msg::set_tag(kProgram);  // "postfix/postfix" would say it twice
  (void)global::check_installation(config, params);
  mention_old_defaults(config);
  check_json_log(config, params);
  enter_directories(params);
  if (flushes_here(options, params)) return flush(params);
  const bool all_instances =
      !chosen && options.config_directory.empty() && !params.multi_instance_directories.empty();
  script_environment(options, config, params).take_effect();
  execute(script_command(options, params, all_instances));
}

}  // namespace
}  // namespace handoff::postfix

int main(int argc, char** argv) {
  return handoff::postfix::run(argc, argv);
}
