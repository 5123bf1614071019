#include "smtpstone/tally.h"

#include <nlohmann/json.hpp>

namespace handoff::smtpstone {
namespace {

using Json = nlohmann::ordered_json;

Json by_name(const PerCommand<std::uint64_t>& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kCommands; ++i) {
    const auto command = static_cast<Command>(i);
    if (counts[command] > 0) json[std::string(name(command))] = counts[command];
  }
  return json;
}

}  // namespace

std::string Tally::json() const {
  Json histogram = Json::object();
  for (const auto& [messages_sent, count] : sessions_by_messages)
    histogram[std::to_string(messages_sent)] = count;
  Json by_address = Json::object();
  for (const auto& [address, count] : addresses)
    by_address[address] = {{"sessions", count.sessions}, {"messages", count.messages}};

  const Json all = {
      {"sessions", sessions},
      {"open_sessions", open_sessions},
      {"most_open_sessions", most_open_sessions},
      {"quits", quits},
      {"shut_down", shut_down},
      {"timed_out", timed_out},
      {"messages", messages},
      {"recipients", recipients},
      {"refused", refused},
      {"bytes_received", bytes_received},
      {"bytes_sent", bytes_sent},
      {"bytes_of_text", bytes_of_text},
      {"sessions_by_messages", histogram},
      {"commands", by_name(commands)},
      {"round_trips", by_name(round_trips)},
      {"addresses", by_address},
  };
  return all.dump(2) + "\n";
}

}  // namespace handoff::smtpstone
