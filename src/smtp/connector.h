// connector.h - a TCP connection to one address of a server (spec/smtp-client.md 1.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "global/params.h"
#include "util/result.h"
#include "util/sockets.h"
#include "util/unique_fd.h"

namespace handoff::smtp {

// Where connections of one family come from: as main.cf says, which nobody looks at before one is
// made, or the only address that this machine has.
struct SourceAddress {
  std::string_view parameter;
  std::string setting;  // "192.0.2.1" or "[192.0.2.1]"
  std::optional<util::SocketAddress> only{};
};

struct SourceAddresses {
  SourceAddress ipv4{};
  SourceAddress ipv6{};
  bool enforce = false;  // smtp_bind_address_enforce: without it there is no connection

  static SourceAddresses from(const global::Params& params);
};

struct ConnectSettings {
  SourceAddresses source;
  std::chrono::seconds timeout{30};  // 0: the operating system's
  int window_size = 0;               // tcp_windowsize
};

// A malformed source address ends the program. Why not: the text is only the system's ("Connection
// refused"). Error Syntax when the source address cannot be used and must.
util::Result<util::UniqueFd> connect_to(const util::SocketAddress& server,
                                        const ConnectSettings& settings);

}  // namespace handoff::smtp
