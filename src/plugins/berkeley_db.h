// berkeley_db.h - tables of libdb: what hash and btree have in common, which is all but a number.
//
// The file is locked with flock(2), as stock does: shared to look up, exclusive to write. Pages
// that libdb has in memory are old when somebody else has written meanwhile, which the times of the
// file tell.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "plugins/plugin.h"

namespace handoff::plugins {

// Request::type says which of the two it is.
Answer open_berkeley_table(const Request& request, std::unique_ptr<Table>& table);
Answer create_berkeley_table(const Request& request, std::unique_ptr<Builder>& builder);
std::string berkeley_label(std::string_view name);

}  // namespace handoff::plugins
