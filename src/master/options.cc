#include "master/options.h"

#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include "util/text.h"

namespace handoff::master {
namespace {

using util::Error;

Error usage(std::string_view program) {
  return Error::syntax(
      fmt::format("usage: {} [-c config_dir] [-D (debug)] [-d (don't detach from terminal)] "
                  "[-e exit_time] [-t (test)] [-v] [-w (wait for initialization)]",
                  program));
}

util::Status check_combination(const MasterOptions& options) {
  if (options.test && options.wait) {
    return Error::syntax("the -t and -w options cannot be used together");
  }
  if (options.init && (options.debug || options.attached || options.wait)) {
    return Error::syntax("the -i option cannot be used with -D, -d, or -w");
  }
  return {};
}

}  // namespace

util::Result<MasterOptions> parse_master_options(std::span<char* const> argv) {
  MasterOptions options;
  optind = 0;  // glibc: start anew
  opterr = 0;
  const int argc = static_cast<int>(argv.size());
  for (int letter = 0; (letter = getopt(argc, argv.data(), "+c:Dde:istvw")) != -1;) {
    switch (letter) {
      case 'c':
        options.config_directory = optarg;
        break;
      case 'D':
        options.debug = true;
        break;
      case 'd':
        options.attached = true;
        break;
      case 'e': {
        const auto seconds = util::to_int(optarg);
        if (!seconds || *seconds < 0) return usage(argv.front());
        options.exit_after = std::chrono::seconds(*seconds);
        break;
      }
      case 'i':
        if (getpid() != 1) return Error::syntax("-i is allowed only for PID 1 process");
        options.init = true;
        break;
      case 's':
        options.keep_stdout = true;
        break;
      case 't':
        options.test = true;
        break;
      case 'v':
        ++options.verbose;
        break;
      case 'w':
        options.wait = true;
        break;
      default:
        return usage(argv.front());
    }
  }
  if (optind < argc) return usage(argv.front());
  if (auto possible = check_combination(options); !possible) return std::move(possible).error();
  return options;
}

}  // namespace handoff::master
