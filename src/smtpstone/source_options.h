// source_options.h - the command line of smtp-source(1), understood.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "smtpstone/client_dialogue.h"
#include "smtpstone/transport_address.h"
#include "util/result.h"

namespace handoff::smtpstone {

struct SourceOptions {
  TransportAddress server;
  int family = AF_UNSPEC;
  int window_size = 0;          // 0: the system's
  int connection_attempts = 1;  // when the server resets them

  ClientDialogue::Manners manners;
  int sessions = 1;
  int messages = 1;
  bool keep_connection = false;
  std::chrono::milliseconds pause{0};  // between messages
  bool random_pause = false;           // of any length up to that
  bool show_counter = false;
  int verbose = 0;

  std::optional<std::string> sender;     // default: foo@ the host name
  std::optional<std::string> recipient;  // likewise
  int recipients_per_message = 1;
  bool number_all_recipients = false;
  std::string subject;
  int text_size = 0;  // 0: a short text
  std::string message_file;
};

// `arguments` without the program's name.
util::Result<SourceOptions> parse_source_options(const std::vector<std::string>& arguments);

}  // namespace handoff::smtpstone
