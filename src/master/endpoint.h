// endpoint.h - where a service listens, and by which name two entries are the same service
// (spec/master.md 1.3).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "global/known_ports.h"
#include "global/own_addresses.h"
#include "master/master_cf.h"
#include "util/result.h"
#include "util/sockets.h"

namespace handoff::master {

struct Endpoint {
  std::string canonical;  // "private/scache", "25", "[127.0.0.1]:25"
  std::string path;       // relative to the queue directory; empty for type inet
  std::vector<util::SocketAddress> addresses{};
  std::string interfaces{};  // type inet: what inet_interfaces was, for listeners do not change

  [[nodiscard]] std::size_t listeners() const { return path.empty() ? addresses.size() : 1; }
  // Nobody from outside can connect.
  [[nodiscard]] bool loopback_only() const;
};

// The network as main.cf describes it.
struct Network {
  global::InetProtocols protocols{.ipv4 = true, .ipv6 = true};
  std::string interfaces = "all";  // inet_interfaces
  global::KnownPorts ports;
  // Numeric or symbolic host, and port; all protocols. Replaced in tests.
  std::function<util::Result<std::vector<util::SocketAddress>>(const std::string& host,
                                                               const std::string& port)>
      resolve;
};

// With inet_interfaces and known_tcp_ports; looks names up with getaddrinfo(3).
Network network_from(const global::InetProtocols& protocols, std::string_view interfaces,
                     std::string_view known_ports);

// Mistakes are logged and named as in master_cf.h.
util::Result<Endpoint> endpoint_of(const Entry& entry, const std::string& file,
                                   const Network& network);

// "host:port", "[host]:port", ":port" or "port" taken apart; no host: empty. The error has no
// place in it.
struct HostPort {
  std::string host;
  std::string port;
  bool operator==(const HostPort&) const = default;
};
util::Result<HostPort> parse_host_port(std::string_view text);

}  // namespace handoff::master
