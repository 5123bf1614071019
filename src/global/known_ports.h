// known_ports.h - known_tcp_ports: what services are called, and their ports, without services(5).
//
//   lmtp=24, smtp=25, smtps=submissions=465
//
// Each of several names stands for the port behind the last "=".
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace handoff::global {

using KnownPorts = std::map<std::string, std::string, std::less<>>;  // name, digits

// An entry that is wrong is left out, with a warning.
KnownPorts parse_known_ports(std::string_view text);

}  // namespace handoff::global
