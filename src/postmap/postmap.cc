// NAME
//   postmap - make, change and ask lookup tables
// SYNOPSIS
//   postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [type:]file ...
// DESCRIPTION
//   Makes indexed tables from text, and asks tables of any type (see "postconf -m") as daemons do.
//   A file without a type is of default_database_type.
//
//   A source consists of lines "key whitespace value". Lines whose first character that is not a
//   blank is "#", and empty ones, do not count. A line that begins with a blank continues the one
//   before it. A key may have double quotes around blanks, and a backslash before any character;
//   both are part of the key. Keys are put in lower case, also beyond ASCII with smtputf8_enable.
//
//   Without -d, -i, -q or -s, each table is made anew from its source. Whoever looks something up
//   meanwhile finds the old content or the new. As root, it is done with the rights of the source's
//   owner. Longer work shows its progress where standard error is a terminal.
//
//   -b        With "-q -": standard input is a message, and the lines of its body are keys.
//   -c config_dir
//             Where main.cf is.
//   -d key    Take a key out of all tables; "-": all keys on standard input, one on each line. The
//             exit status is 0 when there was one at least.
//   -f        Upper and lower case are different.
//   -F        Values are names of files (separated by blanks or commas), and the table holds their
//             content, base64-encoded; -q and -s show it decoded.
//   -h        With "-q -": standard input is a message, and its headers are keys, each with its
//             continuation lines.
//   -i        Add what stands on standard input to a table, which is made if need be.
//   -m        With -b and -h: headers of body parts and of attached messages are headers, too.
//   -n, -N    Keys and values in the table end without, or with, a NUL byte.
//   -o        Do not take the rights of the source's owner.
//   -p        Do not take the source's permissions over.
//   -q key    Ask the tables for a key, from left to right, and print the first value; "-": for all
//             keys on standard input, printed before the values. The exit status is 0 when
//             something was found.
//   -r        A key that is there already is replaced, without a warning.
//   -s        Print all keys and values of the first table.
//   -u, -U    Do not check that text is UTF-8, or check it even if smtputf8_enable says no. (The
//             former is the default with -b and -h.)
//   -v        Verbose logging.
//   -w        A key that is there already stays, without a warning.
// DIAGNOSTICS
//   Problems are logged and shown on standard error. The exit status is 0 in case of success,
//   else 1.
// ENVIRONMENT
//   MAIL_CONFIG   The directory with main.cf.
//   MAIL_VERBOSE  Verbose logging.
// CONFIGURATION PARAMETERS
//   @parameters
// SEE ALSO
//   tables(5), postconf(1), postconf(5)
#include <csignal>
#include <cstdlib>
#include <string>

#include "global/config.h"
#include "global/environment.h"
#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/params.h"
#include "global/table_settings.h"
#include "postmap/asker.h"
#include "postmap/maker.h"
#include "postmap/options.h"
#include "util/msg.h"
#include "util/or_die.h"

namespace handoff::postmap {
namespace {

constexpr const char* kProgram = "postmap";

global::Config load_config(const Options& options) {
  if (!options.config_directory.empty()) setenv("MAIL_CONFIG", options.config_directory.c_str(), 1);
  global::ConfigOptions choice;
  choice.process_name = kProgram;
  choice.directory = options.config_directory;
  return global::Config::load(choice);
}

void complete_names(Options& options, const std::string& default_type) {
  for (std::string& name : options.names)
    if (name.find(':') == std::string::npos) name.insert(0, default_type + ':');
}

int work(const Options& options) {
  switch (options.action) {
    case Options::Action::Make:
      for (const std::string& name : options.names) make_table(options, name);
      return EXIT_SUCCESS;
    case Options::Action::Update:
      for (const std::string& name : options.names) update_table(options, name);
      return EXIT_SUCCESS;
    case Options::Action::Query:
      return Asker(options, tables::Access::Read).query();
    case Options::Action::Delete:
      return Asker(options, tables::Access::Write).remove();
    case Options::Action::List:
      return Asker(options, tables::Access::Read).list();
  }
  return EXIT_FAILURE;
}

int run(int argc, char** argv) {
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a limit is an error like any other
  if (std::getenv("MAIL_VERBOSE") != nullptr) msg::set_verbose(1);
  global::open_log_early(kProgram, global::LogRole::Command);
  Options options = Options::parse(argc, argv);
  const auto config = load_config(options);
  const auto params = global::load_params(config, kProgram);
  (void)global::check_installation(config, params);
  (void)util::or_die(global::Environment::own().imported(config, params.import_environment));
  global::open_log(config, params, kProgram, global::LogRole::Command);
  tables::Settings settings = global::table_settings(config, params);
  settings.utf8 |= options.force_utf8;
  tables::configure(std::move(settings));
  complete_names(options, params.default_database_type);
  return work(options);
}

}  // namespace
}  // namespace handoff::postmap

int main(int argc, char** argv) {
  return handoff::postmap::run(argc, argv);
}
