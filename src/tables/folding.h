// folding.h - the form in which keys are compared, where upper and lower case are the same.
//
// ASCII letters always; everything else by Unicode's full case folding ("straße" and "STRASSE" are
// the same), if `utf8` and the text is well-formed.
#pragma once

#include <string>
#include <string_view>

#include "tables/table_options.h"

namespace handoff::tables {

std::string fold(std::string_view text, bool utf8);

// How a table keeps a literal key, as its options want it.
std::string stored_key(std::string_view key, const TableOptions& options);

}  // namespace handoff::tables
