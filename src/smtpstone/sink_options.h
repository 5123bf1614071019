// sink_options.h - the command line of smtp-sink(1), understood.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "smtpstone/policy.h"
#include "smtpstone/transport_address.h"
#include "util/result.h"

namespace handoff::smtpstone {

struct SinkOptions {
  Policy policy;
  std::vector<TransportAddress> addresses;
  int backlog = 0;
  int family = AF_UNSPEC;
  int window_size = 0;       // 0: the system's
  int max_segment_size = 0;  // 0: the system's

  std::chrono::milliseconds time_limit = std::chrono::seconds(100);
  std::chrono::milliseconds reply_delay{0};
  int most_sessions = 256;
  int exit_after_sessions = 0;  // 0: never
  int exit_after_messages = 0;

  std::string store_directory;
  std::string dump_template;
  bool dump_into_one_file = false;
  std::string dump_start;

  bool show_counters = false;
  std::string counters_file;
  std::chrono::milliseconds counters_interval{0};  // 0: only at the end and on SIGUSR1
  std::string listening_file;

  std::string root_directory;
  std::string user;
  int verbose = 0;
  bool log_commands = false;
};

// `arguments` without the program's name. The error is for the person at the keyboard.
util::Result<SinkOptions> parse_sink_options(const std::vector<std::string>& arguments);

}  // namespace handoff::smtpstone
