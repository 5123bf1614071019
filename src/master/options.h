// options.h - master's own command line (spec/master.md 2.1).
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "util/result.h"

namespace handoff::master {

struct MasterOptions {
  std::string config_directory;                    // -c; empty: not given
  bool debug = false;                              // -D
  bool attached = false;                           // -d
  bool init = false;                               // -i
  bool keep_stdout = false;                        // -s
  bool test = false;                               // -t
  bool wait = false;                               // -w
  int verbose = 0;                                 // -v
  std::optional<std::chrono::seconds> exit_after;  // -e
};

// `argv` includes the program's name.
util::Result<MasterOptions> parse_master_options(std::span<char* const> argv);

}  // namespace handoff::master
