// plugin_table.h - what a plug-in offers (plugin_abi.h) as a type of tables like the others.
#pragma once

#include <string>

#include "tables/plugin_abi.h"
#include "tables/table_type.h"

namespace handoff::tables {

// `plugin` lives for ever.
TableType plugin_type(std::string name, const plugin::Plugin& plugin);

}  // namespace handoff::tables
