// checked_table.h - what all types of tables have in common, put around each of them: keys are
// folded before they are asked, and text that should be UTF-8 and is not is caught.
#pragma once

#include <memory>

#include "tables/table.h"

namespace handoff::tables {

std::unique_ptr<Table> with_checks(std::unique_ptr<Table> table, const TableOptions& options);

}  // namespace handoff::tables
