// options.h - the command line that master(8) gives to a daemon (spec/master.md 2.2, 4.2).
//
// Only takes it apart; what the letters mean together is checked later, in startup.h.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "util/result.h"

namespace handoff::service {

struct Options {
  bool chroot = false;         // -c  chroot to queue_directory
  bool attached = false;       // -d  a terminal on standard input is all right
  bool debug = false;          // -D  run debugger_command on this process
  bool one_process = false;    // -l  the process limit is 1
  bool unlimited = false;      // -z  the process limit is 0
  bool stand_alone = false;    // -S  one client on standard input and output
  bool unprivileged = false;   // -u  run as mail_owner
  bool log_to_stderr = false;  // -V
  int verbose = 0;             // -v
  int listeners = 1;           // -s
  std::string service;         // -n; empty: as the program
  std::string transport;       // -t; empty: not given
  std::optional<std::chrono::seconds> retire_after;  // -r

  // "name=value" of -o, -i (max_idle) and -m (max_use) in order: the last one wins.
  std::vector<std::string> overrides;
  std::vector<std::string> arguments;
};

// Letters that not every skeleton knows.
struct OptionRules {
  bool retires = false;     // -r: single and event
  bool stand_alone = true;  // -S: all but dgram
};

// `argv` includes the program's name. Options end at the first argument that is none. On error
// `options` has what stood before the mistake.
util::Status parse_into(Options& options, std::span<char* const> argv, OptionRules rules = {});
util::Result<Options> parse_options(std::span<char* const> argv, OptionRules rules = {});

}  // namespace handoff::service
