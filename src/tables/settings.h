// settings.h - what tables need to know of main.cf, for the whole process.
//
// This room knows no parameters: whoever has read them hands them in once, at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::tables {

struct TableType;

struct Settings {
  // A type that is not built in. Null: no plug-in has it. Error: there is one, and it cannot be
  // loaded; the text follows "unsupported dictionary type: TYPE". What it points to lives for ever.
  using FindPlugin = std::function<util::Result<const TableType*>(std::string_view type)>;

  bool utf8 = true;                                        // smtputf8_enable
  std::string queue_directory;                             // where proxymap's socket is
  std::string proxy_service = "proxymap";                  // proxymap_service_name
  std::string proxy_write_service = "proxywrite";          // proxywrite_service_name
  std::chrono::seconds ipc_timeout{3600};                  // of a proxied table, for each wait
  std::chrono::seconds ipc_idle{5};                        // after that its connection is closed,
  std::chrono::seconds ipc_ttl{1000};                      // and after that in any case
  std::int64_t berkeley_db_read_buffer_size = 131072;      // bytes
  std::int64_t berkeley_db_create_buffer_size = 16777216;  // bytes
  std::int64_t lmdb_map_size = 16777216;                   // bytes
  FindPlugin find_plugin;
  // The name by which a parameter of a table (ldap: "PREFIX_server_host") stands in main.cf:
  // its value, or nothing. Error: it stands there, and its value cannot be expanded.
  std::function<util::Result<std::optional<std::string>>(std::string_view name)> parameter;
};

void configure(Settings settings);
const Settings& settings();

}  // namespace handoff::tables
