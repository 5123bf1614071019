// server_tables.h - tables that ask a server, and how much patience they have with it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "tables/server_connection.h"
#include "tables/table.h"

namespace handoff::tables {

// Maps of one server share a connection. `name` is "inet:host:port:map", `map` the end of it.
std::unique_ptr<Table> make_socketmap_table(std::string_view name, std::string map,
                                            std::shared_ptr<ServerConnection> connection);

struct TcpPatience {
  std::chrono::milliseconds io = std::chrono::seconds(100);  // for each wait
  int attempts = 10;
  std::chrono::milliseconds pause = std::chrono::seconds(1);  // between them
};
std::unique_ptr<Table> make_tcp_table(ServerAddress server, const TcpPatience& patience);

}  // namespace handoff::tables
