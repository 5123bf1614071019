// NAME
//   sendmail - submit mail, as programs have always done
// SYNOPSIS
//   sendmail [options] [recipient ...]
//   mailq
//   newaliases
// DESCRIPTION
//   Reads a message from standard input up to its end, or to a line with only a dot, and hands it
//   to postdrop(1), which puts it into the maildrop queue. The exit status is 0 when the message is
//   on disk, and not before.
//
//   -B 7BIT, -B 8BITMIME   What the body consists of.
//   -C config_dir          Where main.cf is.
//   -F name                The full name of the sender; else that in the environment variable NAME,
//                          else that of the account.
//   -f sender, -r sender   The envelope sender; "" is the null sender.
//   -G                     The mail comes from elsewhere: its header is left as it is.
//   -i, -oi                A line with only a dot does not end the message.
//   -N dsn                 When to report to the sender: never, or success, failure, delay.
//   -q                     Try all mail in the queue now.
//   -R full, -R hdrs       How much of the message reports contain.
//   -t                     The recipients are those in To:, Cc: and Bcc:, besides any arguments.
//   -V envid               An identifier that reports contain.
//   -v                     Send a delivery report to the sender. More than one: verbose logging.
//   -XV[xy]                Variable envelope return path, with these delimiters.
//   -bm                    Submit a message (the default).
//   -bp                    List the queue, by means of Postfix's postqueue(1); as does mailq.
//   -bi, -bI, -I           Nothing: there is no alias database in this version; as newaliases does.
//   -q30m                  Nothing, whatever the interval: it is queue_run_delay that counts.
//
//   -A, -c, -e, -h, -L, -m, -O, -o, -p, -U, -x are accepted and have no effect.
//   -bs (SMTP on standard input), -bd, -bv, -bl and -qI, -qR, -qS are not implemented.
// DIAGNOSTICS
//   Problems are logged, and shown on standard error. The exit status is one of sysexits.h, 75 (try
//   again) for most faults.
// CONFIGURATION PARAMETERS
//   @parameters
// SEE ALSO
//   postdrop(1), pickup(8)

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include "global/config.h"
#include "global/environment.h"
#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/mail_proto.h"
#include "global/params.h"
#include "global/trigger.h"
#include "sendmail/fail.h"
#include "sendmail/options.h"
#include "sendmail/submission.h"
#include "util/base_name.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/result.h"
#include "util/standard_descriptors.h"

namespace handoff::sendmail {
namespace {

global::Config load_config(const std::string& directory) {
  global::ConfigOptions options;
  options.process_name = "sendmail";
  options.directory = directory;
  auto config = global::Config::try_load(options);
  if (!config) fail("{}", config.error().what);
  // postdrop must look at the same main.cf.
  if (!directory.empty()) setenv("MAIL_CONFIG", directory.c_str(), 1);
  return *std::move(config);
}

// Whoever may write to the sockets may do so.
int flush_queue(const global::Params& params) {
  if (chdir(params.queue_directory.c_str()) < 0)
    fail_with(EX_UNAVAILABLE, "chdir " + params.queue_directory + ": " + util::errno_text(errno));
  const auto path = [](const std::string& service) { return "public/" + service; };
  const auto limit = params.trigger_timeout;
  if (const auto sent = global::send_trigger(path(params.queue_service_name),
                                             global::trigger_request::kFlush, limit);
      !sent) {
    msg::warn("{}", sent.error().what);
    fail_with(EX_UNAVAILABLE, "Cannot flush mail queue - mail system is down");
  }
  (void)global::send_trigger(path(params.pickup_service_name),
                             std::string(1, global::trigger_request::kWakeup), limit);
  return EX_OK;
}

[[noreturn]] void list_queue(const global::Params& params) {
  const std::string program = params.command_directory + "/postqueue";
  execl(program.c_str(), program.c_str(), "-p", nullptr);
  fail_with(EX_UNAVAILABLE, "execv " + program + ": " + util::errno_text(errno));
}

void check_verp_delimiters(const Options& options, const global::Params& params) {
  const std::string& delimiters = options.verp_delimiters;
  const std::string& allowed = params.verp_delimiter_filter;
  if (delimiters.empty() || delimiters == Options::kDefaultVerp) return;
  if (delimiters.size() != 2 || delimiters.find_first_not_of(allowed) != std::string::npos)
    fail("-V requires two characters from {}", allowed);
}

int run(int argc, char** argv) {
  if (!util::open_standard_descriptors()) std::exit(EX_OSERR);
  (void)std::signal(SIGPIPE, SIG_IGN);
  util::msg::set_fatal_status(EX_TEMPFAIL);
  global::open_log_early("sendmail", global::LogRole::Command);
  const Options options = parse_options(std::string(util::base_name(argv[0])), argc, argv);
  util::msg::set_verbose(options.verbose > 1 ? options.verbose - 1 : 0);
  const global::Config config = load_config(options.config_directory);
  const auto params = global::try_load_params(config, "sendmail");
  if (!params) fail("{}", params.error().what);
  (void)global::check_installation(config, *params);
  (void)util::or_die(global::Environment::own().imported(config, params->import_environment));
  global::open_log(config, *params, "sendmail", global::LogRole::Command);
  check_verp_delimiters(options, *params);
  switch (options.mode) {
    case Options::Mode::Submit:
      return submit(options, *params);
    case Options::Mode::FlushQueue:
      return flush_queue(*params);
    case Options::Mode::ListQueue:
      list_queue(*params);
    case Options::Mode::NewAliases:
      return EX_OK;
  }
  return EX_SOFTWARE;
}

}  // namespace
}  // namespace handoff::sendmail

int main(int argc, char** argv) {
  return handoff::sendmail::run(argc, argv);
}
