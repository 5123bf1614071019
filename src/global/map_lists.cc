#include "global/map_lists.h"

#include <string>

namespace handoff::global {

tables::MapList map_list(const Params& params, std::string_view parameter, std::string_view names,
                         tables::TableOptions options) {
  options.lock = true;
  options.must_open = params.daemon_table_open_error_is_fatal;
  return {std::string(parameter), names, options};
}

}  // namespace handoff::global
