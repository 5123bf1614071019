// server_connection.h - the connection to a server that answers look-ups.
#pragma once

#include <chrono>
#include <functional>
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
    std::chrono::milliseconds io = std::chrono::seconds(100);        // for each wait
    std::chrono::milliseconds idle = std::chrono::seconds(10);       // without a word
    std::chrono::milliseconds lifetime = std::chrono::seconds(100);  // in all
  };

  // What a server says, or wants to be told, first.
  using Greet = std::function<util::Status(util::Stream& stream)>;

  ServerConnection(ServerAddress address, Limits limits, Greet greet = {})
      : address_(std::move(address)), limits_(limits), greet_(std::move(greet)) {}

  [[nodiscard]] const ServerAddress& address() const { return address_; }
  // Valid until the next call.
  util::Result<util::Stream*> stream();
  void disconnect() { stream_.reset(); }

 private:
  using Clock = std::chrono::steady_clock;

  util::Status connect();

  ServerAddress address_;
  Limits limits_;
  Greet greet_;
  std::optional<util::Stream> stream_;
  Clock::time_point connected_at_;
};

}  // namespace handoff::tables
