// reply_parser.h - a name server's packet as records (RFC 1035, 4).
//
// Whatever bytes come in: the worst that comes out is "invalid". Records that do not belong to the
// name that was asked for, or to what its CNAMEs lead to, are ignored.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dns/answer.h"

namespace handoff::dns {

struct ParsedReply {
  Kind kind = Kind::Invalid;
  std::string canonical;  // the name behind the CNAMEs in this reply
  bool alias = false;     // there were some
  std::vector<Mx> mx;
  std::vector<util::SocketAddress> addresses;
};

ParsedReply parse_reply(std::span<const unsigned char> packet, std::string_view name, Type type);

}  // namespace handoff::dns
