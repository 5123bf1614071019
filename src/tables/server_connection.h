// server_connection.h - the connection to a server that answers look-ups.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"
#include "util/stream.h"

namespace handoff::tables {

// "inet:host:port" or "unix:/path". Error: it is malformed; a name that nobody knows may get known.
struct ServerAddress {
  static util::Result<ServerAddress> parse(std::string_view text);
  static util::Result<ServerAddress> inet(std::string_view host_and_port);

  // For messages and to tell them apart: "host:port", or the path.
  [[nodiscard]] const std::string& name() const { return endpoint; }
  // The first of the host's addresses that answers. Problems with its name are logged; those with
  // the connection have an errno.
  [[nodiscard]] util::Result<util::Stream> connect(std::chrono::milliseconds limit) const;

  bool local = false;
  std::string endpoint;
};

// Connects when it is needed, and again when the connection has become too old, or dead.
class ServerConnection {
 public:
  struct Limits {
    std::chrono::seconds io{100};        // for each wait
    std::chrono::seconds idle{10};       // without a word
    std::chrono::seconds lifetime{100};  // in all
  };

  ServerConnection(ServerAddress address, Limits limits)
      : address_(std::move(address)), limits_(limits) {}

  [[nodiscard]] const ServerAddress& address() const { return address_; }
  // Valid until the next call.
  util::Result<util::Stream*> stream();
  void disconnect() { stream_.reset(); }
  [[nodiscard]] bool connected() const { return stream_.has_value(); }

 private:
  using Clock = std::chrono::steady_clock;

  ServerAddress address_;
  Limits limits_;
  std::optional<util::Stream> stream_;
  Clock::time_point connected_at_;
};

}  // namespace handoff::tables
