// policy.h - how the test server behaves: what it offers, refuses, delays and breaks.
//
// Made once from the command line, constant afterwards, shared by all sessions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "smtpstone/command.h"

namespace handoff::smtpstone {

// What happens to one command. The first four are percentages, tried in this order, each with a
// throw of the dice of its own; 0 is never, 100 is always.
struct Rule {
  int hang_up = 0;    // no reply
  int shut_down = 0;  // 421, and hang up
  int refuse_hard = 0;
  int refuse_soft = 0;
  std::chrono::milliseconds wait{0};  // before the reply
  int wait_again = 0;                 // percentage: how likely another such wait follows
  bool log = false;

  bool operator==(const Rule&) const = default;
};

struct Policy {
  std::string host = "smtp-sink";
  bool lmtp = false;
  bool esmtp = true;
  bool pix_greeting = false;  // "220 ********"

  bool offer_pipelining = true;
  bool offer_8bitmime = true;
  bool offer_auth = true;
  bool offer_xclient = true;
  bool offer_xforward = true;
  bool offer_enhanced_status_codes = true;
  bool offer_dsn = true;
  bool offer_smtputf8 = false;
  bool offer_chunking = false;           // RFC 3030
  bool offer_size = false;               // RFC 1870
  std::uint64_t message_size_limit = 0;  // 0: none; obeyed only with offer_size

  PerCommand<Rule> rules;
  std::string soft_reply = "450 4.3.0 Error: command failed";
  std::string hard_reply = "500 5.3.0 Error: command failed";
  int messages_per_connection = 0;  // then 421; 0: any number
  // Between the reply to DATA and the first read of the text.
  std::chrono::milliseconds text_pause{0};
  // After the reply to DATA: wait that long, reply 550 and hang up, whatever the client sends.
  std::optional<std::chrono::milliseconds> break_off_text;
};

}  // namespace handoff::smtpstone
