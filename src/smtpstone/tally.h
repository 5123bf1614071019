// tally.h - what the test server counts, and how it tells.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "smtpstone/command.h"

namespace handoff::smtpstone {

struct Tally {
  struct Address {
    std::uint64_t sessions = 0;
    std::uint64_t messages = 0;
  };

  std::uint64_t sessions = 0;
  std::uint64_t open_sessions = 0;
  std::uint64_t most_open_sessions = 0;
  std::uint64_t quits = 0;  // sessions that ended with QUIT
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;  // of these messages
  std::uint64_t refused = 0;     // commands answered with 4xx or 5xx
  std::uint64_t shut_down = 0;   // sessions that the server ended, with 421 or without a word
  std::uint64_t timed_out = 0;   // sessions whose client was silent for too long

  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_of_text = 0;  // of the messages, without dot stuffing

  PerCommand<std::uint64_t> commands{};
  // How often the client waited: replies that began when none was outstanding, by the command that
  // came first in what was answered.
  PerCommand<std::uint64_t> round_trips{};
  std::map<int, std::uint64_t> sessions_by_messages;  // ended sessions only
  std::map<std::string, Address> addresses;           // where the clients connected to

  // One JSON object, with a final newline.
  [[nodiscard]] std::string json() const;
};

}  // namespace handoff::smtpstone
