// NAME
//   postscache - look into the shared connection cache
// SYNOPSIS
//   postscache [-jv] [-c config_dir] [-n service] stats
//   postscache [-jv] [-c config_dir] [-n service] list
//   postscache [-jv] [-c config_dir] [-n service] flush [pattern]
//   postscache [-jv] [-c config_dir] [-n service] watch [seconds]
//   postscache [-v] [-c config_dir] [-n service] metrics
// DESCRIPTION
//   Asks a running scache(8) what it does. Nothing is started for it: when no cache is running,
//   there is nothing to be seen.
//
//   stats     What is in the cache, how often it was of use, and why connections have left it:
//             since the process began, and in the current interval
//             (connection_cache_status_update_time).
//   list      Each connection, the oldest first: the time since it was saved (or handed over by the
//             process before, at a reload), the time that it has
//             left, how often it was used (where the client tells), whether a remote end that hangs
//             up is noticed; and each destination with its endpoints. Labels are shown as smtp(8)
//             makes them, with "|" between their fields: the service, the address, the port and the
//             TLS level; or the service and the next-hop.
//   flush     Closes the connections whose endpoint matches, or that belong to a matching
//             destination; all of them without a pattern. It is a pattern of the shell for whole
//             labels, or a label as list shows it: "*|192.0.2.1|*", "smtp|example.com". Remote ends
//             get their farewell. Prints how many there were.
//   watch     A line every second, or every so many seconds (1 to 86400), until it is interrupted.
//   metrics   Counters and gauges as OpenMetrics text.
//
//   -c config_dir   Where main.cf is.
//   -j, --json      For programs: one JSON value; with watch, one on each line.
//   -n service      The name of the cache in master.cf; default: connection_cache_service_name.
//   -v              Verbose logging. More than one: more verbose.
// SECURITY
//   Only root, and the owner of the mail system, may ask.
// DIAGNOSTICS
//   Problems are shown on standard error. The exit status is 0 when the question was answered, 1
//   when it was not: because no cache is running, for example.
// CONFIGURATION PARAMETERS
//   @parameters
// SEE ALSO
//   scache(8)

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "global/config.h"
#include "global/mail_log.h"
#include "global/mail_proto.h"
#include "global/params.h"
#include "postscache/client.h"
#include "postscache/report.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/result.h"
#include "util/text.h"

namespace handoff::postscache {
namespace {

struct Options {
  std::string config_directory;
  std::string service;  // empty: as configured
  bool json = false;
  std::string command;
  std::optional<std::string> argument;
};

[[noreturn]] void usage() {
  msg::fatal(
      "usage: postscache [-jv] [-c config_dir] [-n service] stats | list | flush [pattern] | "
      "watch [seconds] | metrics");
}

Options parse_options(int argc, char** argv) {
  const option long_options[] = {{"json", no_argument, nullptr, 'j'}, {}};
  Options options;
  int verbose = 0;
  for (int given; (given = getopt_long(argc, argv, "c:jn:v", long_options, nullptr)) != -1;) {
    switch (given) {
      case 'c':
        options.config_directory = optarg;
        break;
      case 'j':
        options.json = true;
        break;
      case 'n':
        options.service = optarg;
        break;
      case 'v':
        msg::set_verbose(++verbose);
        break;
      default:
        usage();
    }
  }
  if (optind == argc) usage();
  options.command = argv[optind++];
  if (optind < argc) options.argument = argv[optind++];
  if (optind < argc) usage();
  return options;
}

global::Config load_config(const Options& options) {
  global::ConfigOptions choice;
  choice.process_name = "postscache";
  choice.directory = options.config_directory;
  return global::Config::load(choice);
}

Client connect(const Options& options, const global::Params& params) {
  const std::string& service =
      options.service.empty() ? params.connection_cache_service_name : options.service;
  return util::or_die(Client::connect(fmt::format("{}/{}/{}{}", params.queue_directory,
                                                  global::service_class::kPrivate, service,
                                                  global::kSecondSocketSuffix)));
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    msg::fatal("cannot write the answer: {}", util::errno_text(errno));
}

void no_argument_wanted(const Options& options) {
  if (options.argument) msg::fatal("{} takes no argument", options.command);
}

void show_statistics(const Options& options, Client& cache) {
  no_argument_wanted(options);
  const auto statistics = util::or_die(cache.statistics());
  print(options.json ? statistics_as_json(statistics) : statistics_as_text(statistics));
}

void show_metrics(const Options& options, Client& cache) {
  no_argument_wanted(options);
  print(statistics_as_metrics(util::or_die(cache.statistics())));
}

void show_contents(const Options& options, Client& cache) {
  no_argument_wanted(options);
  const auto contents = util::or_die(cache.contents());
  print(options.json ? contents_as_json(contents) : contents_as_text(contents));
}

void flush(const Options& options, Client& cache) {
  std::uint64_t closed = 0;
  bool more = true;
  while (more) {
    const auto reply = util::or_die(cache.flush(options.argument.value_or("*")));
    if (reply.status != global::ScacheStatus::Ok) msg::fatal("the connection cache did not flush");
    closed += reply.closed;
    more = reply.more != 0;
  }
  print(options.json ? fmt::format("{{\"closed\": {}}}\n", closed)
                     : fmt::format("{} connections closed\n", closed));
}

std::string on_one_line(std::string json) {
  std::string line;
  for (const std::string_view part : util::split(json, "\n")) {
    line += part.substr(std::min(part.find_first_not_of(' '), part.size()));
  }
  return line + '\n';
}

// Until a signal ends it. Caches come and go.
void watch(const Options& options, Client& cache) {
  const auto seconds = util::to_int64(options.argument.value_or("1"));
  if (!seconds || *seconds < 1 || *seconds > 86400)
    msg::fatal("watch: {}: must be a number of seconds from 1 to 86400", *options.argument);
  constexpr int kLinesUnderHead = 20;
  auto before = util::or_die(cache.statistics());
  for (int line = 0;; ++line) {
    if (!options.json && line % kLinesUnderHead == 0) print(progress_head());
    std::this_thread::sleep_for(std::chrono::seconds(*seconds));
    auto answer = cache.statistics();
    if (!answer && answer.error().kind == util::Error::Kind::NotFound) {
      if (before.pid != 0) msg::info("{}", answer.error().what);
      before = {};
      continue;
    }
    const auto now = util::or_die(std::move(answer));
    if (now.pid != before.pid) before = {};  // another one's counters begin at zero
    print(options.json ? on_one_line(statistics_as_json(now))
                       : progress_line(before, now, static_cast<double>(*seconds)));
    before = now;
  }
}

struct Command {
  std::string_view name;
  void (*run)(const Options& options, Client& cache);
};

constexpr Command kCommands[] = {{"stats", show_statistics},
                                 {"list", show_contents},
                                 {"flush", flush},
                                 {"watch", watch},
                                 {"metrics", show_metrics}};

int run(int argc, char** argv) {
  global::open_log_early("postscache", global::LogRole::Command);
  const Options options = parse_options(argc, argv);
  const auto* const command = std::ranges::find(kCommands, options.command, &Command::name);
  if (command == std::end(kCommands)) usage();
  const global::Config config = load_config(options);
  const auto params = global::load_params(config, "postscache");
  Client cache = connect(options, params);
  command->run(options, cache);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace handoff::postscache

int main(int argc, char** argv) {
  return handoff::postscache::run(argc, argv);
}
