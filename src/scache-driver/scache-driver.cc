// NAME
//     scache-driver - drive a session cache by hand or by script
//
// SYNOPSIS
//     scache-driver [-mvx] [script]
//
// DESCRIPTION
//     scache-driver reads commands from a script, or from standard input, and does to a session
//     cache what they say. It speaks the language of the test program of Postfix's scache module,
//     and its output is the same: an existing script gives the same transcript. Look-ups print no
//     result; what the back end does is visible with "verbose 1".
//
//     cache_type single|multi
//         Begins with an empty cache.
//     save_endp ttl endpoint endp_props fd
//         Saves a copy of standard input, as descriptor fd.
//     find_endp endpoint
//     save_dest ttl destination dest_props endpoint
//     find_dest destination
//     sleep seconds
//     verbose level
//         0: quiet; any other level shows what the back end does. The level at the start is 3.
//     ?
//         Lists the commands.
//
//     Empty lines, and lines that begin with "#", are ignored.
//
//     Options:
//
//     -m  Manual clock: "sleep" takes no time.
//     -v  Always verbose: overrides "verbose", and shows what is left in the cache at the end.
//     -x  Extensions, see below.
//
// EXTENSIONS
//     With -x the following commands exist, too:
//
//     cache_type clnt [socket]
//         A client of a server: of one in this process that lives on the script's clock, or of
//         scache(8) at this socket.
//     cache_type extension
//         The same with a server in this process, but on its second socket.
//     size
//         Prints the numbers of destinations, endpoints and sessions.
//     expect miss
//     expect hit property ...
//         Compares with the result of the last look-up; for find_dest the destination's property
//         goes first. When any expectation fails the exit status is 1.
//     repeat times {
//         ...
//     }
//     clients number {
//         ...
//     }
//         Each line is done once for each client, which has a connection of its own where there
//         is a server. There is no cache_type in such a block.
//     seed number
//     quit
//
//     In the words of a command "$n" is the round of the innermost repeat, "$c" is the number of
//     the client, both from 0, and "@100" is a random number below 100.
//
// DIAGNOSTICS
//     All output goes to standard output. The 13th error ends the program. Exit status 0, or 1
//     after a fatal error or a failed expectation.
//
// DIFFERENCES FROM POSTFIX
//     Postfix's program shows the work of its event library at level 3; crashes at the end when
//     there never was a cache; goes on with a cache that it has destroyed after a cache_type that
//     it does not know. When a single cache is destroyed it says what was in there, as Postfix
//     3.12 does.
//
// SEE ALSO
//     scache(8), shared connection cache server
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <vector>

#include "scache-driver/driver.h"
#include "scache-driver/script.h"
#include "util/event_loop.h"
#include "util/manual_scheduler.h"
#include "util/msg.h"
#include "util/unique_fd.h"

namespace {

using namespace handoff;
using namespace std::chrono_literals;
using scache_driver::Driver;
using scache_driver::Script;
using scache_driver::World;

// The tag of a program that never said its name.
class TranscriptSink final : public msg::Sink {
 public:
  void write(msg::Level level, std::string_view, std::string_view text) noexcept override {
    std::cout << "unknown: " << msg::label(level) << text << '\n' << std::flush;
  }
};

struct Options {
  Driver::Options driver;
  bool manual_clock = false;
  const char* script = nullptr;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int letter; (letter = getopt(argc, argv, "mvx")) != -1;) {
    if (letter == 'm')
      options.manual_clock = true;
    else if (letter == 'v')
      options.driver.always_verbose = true;
    else if (letter == 'x')
      options.driver.extensions = true;
    else
      msg::fatal("usage: {} [-mvx] [script]", argv[0]);
  }
  if (optind + 1 < argc) msg::fatal("usage: {} [-mvx] [script]", argv[0]);
  if (optind < argc) options.script = argv[optind];
  return options;
}

int run(const Options& options, World world) {
  std::ifstream file;
  if (options.script != nullptr) file.open(options.script);
  if (options.script != nullptr && !file) msg::fatal("cannot open {}", options.script);
  const bool interactive = options.script == nullptr && isatty(STDIN_FILENO) != 0;
  Script script(options.script != nullptr ? file : std::cin,
                interactive ? Script::Show::Prompt : Script::Show::Echo, options.driver.extensions);
  Driver driver(std::move(world), options.driver);
  while (const auto statement = script.next()) {
    if (!driver.run(*statement)) break;
  }
  return driver.disappointed() ? 1 : 0;
}

int run_on_manual_clock(const Options& options) {
  util::ManualScheduler clock;
  return run(options, {.scheduler = clock,
                       .sleep = [&](std::chrono::seconds time) { clock.advance(time); },
                       .serve = [&] { clock.ready(); }});
}

// Scripts choose descriptors themselves, from 3 on: the loop's own must be elsewhere.
std::unique_ptr<util::EventLoop> loop_out_of_the_way() {
  constexpr int kForScripts = 100;
  std::vector<util::UniqueFd> occupied;
  do {
    occupied.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  } while (occupied.back() && occupied.back().get() < kForScripts);
  return std::make_unique<util::EventLoop>();
}

// What ends when a sleep does ends within it: deadlines are rounded up to milliseconds.
constexpr auto kOversleep = 5ms;
// And so does all of it, although the cache does only so much in one turn of the loop.
constexpr int kTurns = 1000;

int run_on_real_clock(const Options& options) {
  const auto loop = loop_out_of_the_way();
  const auto sleep = [&loop](std::chrono::seconds time) {
    const auto end = loop->now() + time + kOversleep;
    while (loop->now() < end)
      loop->run_once(std::chrono::ceil<std::chrono::milliseconds>(end - loop->now()));
    for (int turn = 0; turn < kTurns; ++turn) loop->run_once(0ms);
  };
  return run(options, {.scheduler = *loop, .sleep = sleep, .serve = [&] { loop->run_once(0ms); }});
}

}  // namespace

int main(int argc, char** argv) {
  msg::add_sink(std::make_unique<TranscriptSink>());
  const Options options = parse_options(argc, argv);
  return options.manual_clock ? run_on_manual_clock(options) : run_on_real_clock(options);
}
