// NAME
//   postconf - show and change the configuration of the mail system
// SYNOPSIS
//   postconf [-dfhHjnopqvx] [-c config_dir] [-C class,...] [parameter ...]
//   postconf [-epv] [-c config_dir] parameter=value ...
//   postconf -X|-# [-pv] [-c config_dir] parameter ...
//   postconf -M [-fjoqvx] [-c config_dir] [service[/type] ...]
//   postconf -M [-ev] [-c config_dir] service/type=entry ...
//   postconf -MX|-M# [-v] [-c config_dir] service/type ...
//   postconf -F [-fhHjoqvx] [-c config_dir] [service[/type[/field]] ...]
//   postconf -F [-ev] [-c config_dir] service/type/field=value ...
//   postconf -P [-fhHjoqvx] [-c config_dir] [service[/type[/parameter]] ...]
//   postconf -P [-ev] [-c config_dir] service/type/parameter=value ...
//   postconf -PX [-v] [-c config_dir] service/type/parameter ...
//   postconf -b|-t [-v] [-c config_dir] [template_file]
//   postconf -a|-A|-l|-m|--check [-v] [-c config_dir]
//   postconf -T topic [-v]
//   postconf --help
// DESCRIPTION
//   Prints the values of parameters as "name = value": those that are named, or all. With
//   name=value it changes main.cf. The modes -M, -F and -P do the same for the entries of
//   master.cf, their fields, and the parameters that they set with -o. "*" stands for any service,
//   type, field or parameter.
//
//   A file is changed in one step: who reads it finds the old version or the new one. Several
//   editors at a time wait for one another, Postfix's own postconf among them. Comments, empty
//   lines and everything that was not asked for stay as they are, and so do owner, group and mode
//   of the file; a symbolic link stays one.
//
//   -a, -A      Types of SASL plug-ins that smtpd_sasl_type and smtp_sasl_type may name. The
//               programs of this suite do not speak SASL themselves yet.
//   -b, -t      Show the templates of delivery status reports, expanded or not: bounce(8) in
//               daemon_directory does it. That of this suite has none yet, and says so.
//   -c          Where main.cf and master.cf are; default: MAIL_CONFIG of the environment, or
//               /etc/postfix.
//   -C          When no parameter is named, only those of these classes: "builtin", "service"
//               (there for the sake of an entry in master.cf), "user" (made by their use), "all".
//   --check     Checks what programs of this suite read, and reports all mistakes: in main.cf the
//               value of each parameter, also of those for one transport
//               (smtp_destination_recipient_limit), and, if it is root who asks, the accounts; in
//               master.cf the form of each entry, and the values that it gives its own program
//               with -o. The exit status is 1 if there are any. It does not look for what a
//               program finds out only as it works: tables, addresses to listen or send at, words
//               that only smtp(8) knows (smtp_host_lookup and the like), features that are not
//               supported; nor for what an entry's -o makes of other parameters, what Postfix's
//               programs read, files and services that are missing.
//   -d          Defaults instead of values; main.cf is not read.
//   -e          Change: name=value is enough to say so. All instances of the name are changed;
//               where there is none, a line is added at the end.
//   -f          Fold long lines.
//   -h, -H      Only values; only names.
//   --help      Shows the options.
//   -j, --json  One JSON object, {"name": "value"}, on each line; blanks are left as they are.
//   -l          Methods of locking mailboxes.
//   -m          Types of tables.
//   -n          Only parameters that main.cf sets.
//   -o          name=value in the place of what main.cf says. May be repeated.
//   -p          Parameters of main.cf: the default.
//   -q, --quiet  No warnings about parameters that nothing uses.
//   -T          TLS library: "compile-version", "run-version", "public-key-algorithms".
//   -v          Verbose logging.
//   -x          Replace $name by its value. Not in parameters whose value is expanded only when it
//               is used.
//   -X, -#      Remove; turn into a comment.
// DIAGNOSTICS
//   Problems are shown on standard error. Parameters that are set but that nothing uses are worth a
//   warning, and so are names that nothing gives a value. The exit status is 0 unless there was a
//   fatal problem.
// CONFIGURATION PARAMETERS
//   @parameters except proxy_interfaces
// SEE ALSO
//   postconf(5), master(5), tables(5), postmap(1)

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "postconf/edit.h"
#include "postconf/information.h"
#include "postconf/layout.h"
#include "postconf/names.h"
#include "postconf/options.h"
#include "postconf/settings.h"
#include "postconf/show.h"
#include "postconf/usage.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::postconf {
namespace {

// Files may contain what a terminal should not get.
class PrintableSink final : public msg::Sink {
 public:
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    terminal_->write(level, tag, util::printable(text));
  }

 private:
  std::unique_ptr<msg::Sink> terminal_ = msg::stderr_sink(false);
};

void open_output(const char* program) {
  msg::set_tag(program);
  msg::add_sink(std::make_unique<PrintableSink>());
  // Nobody should take half of the output for the whole.
  static char buffer[1 << 20];
  (void)std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  msg::set_fatal_hook([] { _exit(EXIT_FAILURE); });  // at once, as nobody starts us again
}

// What is opened here must not become standard output.
void open_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) _exit(EXIT_FAILURE);
}

void show(const Options& options) {
  const Settings settings = Settings::load(options);
  Names names(settings);
  if (options.defaults) return show_main(options, settings, names);
  UsageCheck usage(settings, names);
  usage.look_at_master();
  settings.check_computed_defaults();
  usage.look_at_main();
  if (!options.quiet) usage.warn_of_unused_in_clients();
  if (options.mode == Mode::MainCf) {
    show_main(options, settings, names);
  } else {
    show_master(options, settings);
  }
  if (options.quiet) return;
  usage.warn_of_unused_in_master();
  if (options.mode == Mode::MainCf) usage.warn_of_unused_in_main();
}

int run(const Options& options) {
  switch (options.mode) {
    case Mode::MainCf:
      options.action == Action::Show ? show(options) : edit_main(options);
      return EXIT_SUCCESS;
    case Mode::Entries:
    case Mode::Fields:
    case Mode::Parameters:
      options.action == Action::Show ? show(options) : edit_master(options);
      return EXIT_SUCCESS;
    default:
      return show_information(options);
  }
}

}  // namespace
}  // namespace handoff::postconf

int main(int argc, char** argv) {
  using namespace handoff;
  umask(022);
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a limit is a failed write(2), which is reported
  postconf::open_standard_descriptors();
  postconf::open_output(argv[0]);
  const int status = postconf::run(postconf::parse_options(argc, argv));
  postconf::flush();
  return status;
}
