#include "global/table_settings.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tables/plugins.h"
#include "tables/settings.h"

namespace handoff::global {

tables::Settings table_settings(const Config& config, const Params& params) {
  tables::Settings settings;
  settings.utf8 = params.smtputf8_enable;
  settings.queue_directory = params.queue_directory;
  settings.proxy_service = params.proxymap_service_name;
  settings.proxy_write_service = params.proxywrite_service_name;
  settings.ipc_timeout = params.ipc_timeout;
  settings.ipc_idle = params.ipc_idle;
  settings.ipc_ttl = params.ipc_ttl;
  settings.berkeley_db_read_buffer_size = params.berkeley_db_read_buffer_size;
  settings.berkeley_db_create_buffer_size = params.berkeley_db_create_buffer_size;
  settings.lmdb_map_size = params.lmdb_map_size;
  settings.find_plugin = tables::plugin_finder({params.meta_directory, params.shlib_directory});
  settings.parameter = [copy = std::make_shared<const Config>(config)](
                           std::string_view name) -> util::Result<std::optional<std::string>> {
    const Config::Setting* found = copy->find(name);
    if (found == nullptr) return std::optional<std::string>();
    util::Result<std::string> value = copy->expand(found->value);
    if (!value) return value.error();
    return std::optional<std::string>(*std::move(value));
  };
  return settings;
}

void configure_tables(const Config& config, const Params& params) {
  tables::configure(table_settings(config, params));
}

}  // namespace handoff::global
