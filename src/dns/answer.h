// answer.h - what the domain name system said, and how it is told to people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/sockets.h"

namespace handoff::dns {

enum class Kind {
  Found,
  NotFound,   // no such name
  NoData,     // the name exists, without such records
  Again,      // no answer, or the server cannot tell at the moment
  Permanent,  // the server will not answer this question
  Invalid,    // an answer that makes no sense
  NullMx,     // the domain says that it takes no mail (RFC 7505)
};

enum class Type : std::uint16_t { A = 1, Cname = 5, Mx = 15, Aaaa = 28 };
std::string_view to_text(Type type);

struct Mx {
  int preference = 0;
  std::string host;
  bool operator==(const Mx&) const = default;
};

struct MxAnswer {
  Kind kind = Kind::NotFound;
  std::string why;  // unless Found
  std::vector<Mx> hosts;
};

struct HostAnswer {
  Kind kind = Kind::NotFound;
  std::string why;                             // unless Found
  std::string canonical;                       // behind CNAMEs
  std::vector<util::SocketAddress> addresses;  // port 0
};

// Which kinds of addresses are of use (inet_protocols).
struct Families {
  bool ipv4 = true;
  bool ipv6 = true;
  bool operator==(const Families&) const = default;
};

// "Host or domain name not found. Name service error for name=N type=T: Host not found".
std::string explain(Kind kind, std::string_view name, Type type);

// Letters, digits, hyphens and underscores in labels of 1 to 63, 255 in all; 8-bit bytes pass.
bool is_host_name(std::string_view name);

}  // namespace handoff::dns
