// map_lists.h - main.cf parameters that are lists of tables ("*_maps"), opened.
#pragma once

#include <string_view>

#include "global/params.h"
#include "tables/map_list.h"
#include "tables/table_options.h"

namespace handoff::global {

// `options` is what is special about the parameter; that its files are locked, and whether a table
// that cannot be opened ends the program, is decided here. `parameter` is the name for messages.
tables::MapList map_list(const Params& params, std::string_view parameter, std::string_view names,
                         tables::TableOptions options);

}  // namespace handoff::global
