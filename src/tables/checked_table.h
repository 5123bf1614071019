// checked_table.h - what all types of tables have in common, put around each of them: keys are
// folded before they are asked, and text that should be UTF-8 and is not is caught.
#pragma once

#include <memory>

#include "tables/table.h"

namespace handoff::tables {

// `folds`: false for a table that leaves the folding to others.
std::unique_ptr<Table> with_checks(std::unique_ptr<Table> table, const TableOptions& options,
                                   bool folds);

}  // namespace handoff::tables
