// maker.h - what postmap(1) does with a source: make a table of it, or put it into one.
#pragma once

#include <string>

#include "postmap/options.h"

namespace handoff::postmap {

// From the file that the table is named after.
void make_table(const Options& options, const std::string& name);
// From standard input.
void update_table(const Options& options, const std::string& name);

}  // namespace handoff::postmap
