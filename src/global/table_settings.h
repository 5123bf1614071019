// table_settings.h - lookup tables as main.cf wants them.
#pragma once

#include "global/config.h"
#include "global/params.h"

namespace handoff::global {

// Once, before the first table is opened.
void configure_tables(const Config& config, const Params& params);

}  // namespace handoff::global
