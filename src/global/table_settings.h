// table_settings.h - lookup tables as main.cf wants them.
#pragma once

#include "global/config.h"
#include "global/params.h"
#include "tables/settings.h"

namespace handoff::global {

// Once, before the first table is opened.
void configure_tables(const Config& config, const Params& params);
// For those who want something else than main.cf in a point or two.
tables::Settings table_settings(const Config& config, const Params& params);

}  // namespace handoff::global
