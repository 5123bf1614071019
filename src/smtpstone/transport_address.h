// transport_address.h - where to listen or to connect: [inet:][host]:port or unix:path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"
#include "util/sockets.h"

namespace handoff::smtpstone {

struct TransportAddress {
  bool is_unix = false;
  std::string path;  // of a UNIX-domain socket
  std::string host;  // name or address, without brackets; empty is any
  std::string port;  // number or name

  // Without a port, `default_port` is taken; where that is empty, there must be one.
  static util::Result<TransportAddress> parse(std::string_view text, std::string_view default_port);

  bool operator==(const TransportAddress&) const = default;
};

// All Internet addresses that it stands for, for servers (`passive`) or clients; `family` may be
// AF_UNSPEC.
util::Result<std::vector<util::SocketAddress>> resolve(const TransportAddress& address, int family,
                                                       bool passive);

}  // namespace handoff::smtpstone
