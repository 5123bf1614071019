// server.h - which server we talk to, and how it is called in the log.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace handoff::smtp {

struct Server {
  std::string next_hop;  // the element of the next-hop list, verbatim
  std::string host;
  std::string address;  // numeric, without brackets
  std::uint16_t port = 0;

  [[nodiscard]] std::string name() const { return fmt::format("{}[{}]", host, address); }
  // relay=...
  [[nodiscard]] std::string name_and_port() const {
    return fmt::format("{}[{}]:{}", host, address, port);
  }
  bool operator==(const Server&) const = default;
};

}  // namespace handoff::smtp
