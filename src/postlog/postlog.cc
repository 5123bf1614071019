// NAME
//   postlog - log a line as the mail system's programs do
// SYNOPSIS
//   postlog [-iv] [-c config_dir] [-p priority] [-t tag] [text ...]
// DESCRIPTION
//   Logs its arguments as one line; without arguments, each line of standard input. For scripts.
//   Lines go where main.cf says (maillog_file, or syslog), and to standard error; Postfix's postlog
//   shows them there only where it is a terminal.
//
//   -c config_dir   Where main.cf is.
//   -i              Ignored: the process ID is always logged.
//   -p priority     info, warn (or warning), error (err), fatal (crit) or panic; default: info. It
//                   only changes the line: the exit status is 0 after fatal and panic, too.
//                   Postfix's postlog pauses for a second after these.
//   -t tag          What stands before the process ID; default: syslog_name/postlog.
//   -v              Verbose logging. More than one: more verbose.
// SECURITY
//   Runs set-gid, so that everybody reaches postlogd(8). The default main.cf says which other
//   configurations may be named then (alternate_config_directories, multi_instance_directories).
//   The caller chooses tag and text: what a line says of its origin proves nothing. One line, or
//   one argument list, makes one line of the log.
// DIAGNOSTICS
//   Problems are shown on standard error; the exit status is 1 then, also when the log did not take
//   all lines.
// CONFIGURATION PARAMETERS
//   @parameters
// SEE ALSO
//   postlogd(8), syslog(3)
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "global/config.h"
#include "global/environment.h"
#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/params.h"
#include "util/log_text.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"

namespace handoff::postlog {
namespace {

using util::msg::Level;

constexpr const char* kProgram = "postlog";
constexpr const char* kPath = "/bin:/usr/bin";
constexpr std::array<std::pair<std::string_view, Level>, 8> kPriorities{{
    {"info", Level::Info},
    {"warn", Level::Warning},
    {"warning", Level::Warning},
    {"err", Level::Error},
    {"error", Level::Error},
    {"crit", Level::Fatal},
    {"fatal", Level::Fatal},
    {"panic", Level::Panic},
}};

struct Options {
  std::string config_directory;  // empty: not given
  Level level = Level::Info;
  std::optional<std::string> tag;
  std::string text;
  bool has_text = false;
};

Level level_named(std::string_view name) {
  const auto* const found = std::ranges::find_if(kPriorities, [&](const auto& priority) {
    return util::equal_ignoring_case(priority.first, name);
  });
  if (found == kPriorities.end()) msg::fatal("bad severity: \"{}\"", name);
  return found->second;
}

Options parse_options(int argc, char** argv) {
  Options options;
  int verbose = 0;
  for (int given; (given = getopt(argc, argv, "+c:ip:t:v")) != -1;) {
    switch (given) {
      case 'c':
        options.config_directory = optarg;
        break;
      case 'i':
        break;
      case 'p':
        options.level = level_named(optarg);
        break;
      case 't':
        options.tag = optarg;
        break;
      case 'v':
        msg::set_verbose(++verbose);
        break;
      default:
        msg::fatal("usage: {} [-c config_dir] [-i] [-p priority] [-t tag] [-v] [text]", kProgram);
    }
  }
  options.has_text = optind < argc;
  for (int i = optind; i < argc; ++i)
    options.text += (i == optind ? "" : " ") + std::string(argv[i]);
  return options;
}

// At its level but as somebody else's: an error here ends nothing.
void log_line(Level level, std::string_view line) {
  msg::log(level, "{}", fmt::make_format_args(line));
}

int run(int argc, char** argv) {
  global::open_log_early(kProgram, global::LogRole::Keeper);
  global::also_to_stderr();
  const Options options = parse_options(argc, argv);
  global::ConfigOptions choice;
  choice.process_name = kProgram;
  choice.directory = options.config_directory;
  const auto config = global::Config::load(choice);
  const auto params = global::load_params(config, kProgram);
  auto environment =
      util::or_die(global::Environment::own().imported(config, params.import_environment));
  (void)global::check_installation(config, params);
  environment.set("PATH", kPath);
  environment.take_effect();
  global::open_log(config, params, kProgram, global::LogRole::Keeper);
  if (options.tag) msg::set_tag(util::log_text(*options.tag));
  if (options.has_text) {
    log_line(options.level, options.text);
  } else {
    for (std::string line; std::getline(std::cin, line);) log_line(options.level, line);
  }
  msg::flush();
  if (msg::lost() == 0) return EXIT_SUCCESS;
  msg::error("the log did not take {} of these lines", msg::lost());
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace handoff::postlog

int main(int argc, char** argv) {
  return handoff::postlog::run(argc, argv);
}
