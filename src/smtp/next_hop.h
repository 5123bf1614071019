// next_hop.h - where a request wants to go: "example.org", "[mx.example.org]:587", or several.
//
// Elements are separated by commas and blanks. Brackets turn the MX look-up off
// (spec/smtp-client.md 1.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "global/known_ports.h"
#include "util/result.h"

namespace handoff::smtp {

struct NextHop {
  std::string element;  // verbatim
  std::string host;     // a domain, a host name, or a numeric address without brackets
  std::uint16_t port = 0;
  bool mx_lookup = true;

  bool operator==(const NextHop&) const = default;
};

std::vector<std::string> split_next_hops(std::string_view list);

// What the operator calls the ports: known_tcp_ports, and smtp_tcp_port for elements without one.
struct PortNames {
  global::KnownPorts known;
  std::string default_port;
};

// Error Syntax, in the words of the log.
util::Result<NextHop> parse_next_hop(std::string_view element, const PortNames& ports);
util::Result<std::uint16_t> parse_port(std::string_view port,
                                       const global::KnownPorts& known_ports);

// "[1.2.3.4]:25" as the connection cache's policy sees it: "1.2.3.4".
std::string bare_name(std::string_view element);

}  // namespace handoff::smtp
