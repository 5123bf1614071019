// unsupported.h - parameters that this client does not obey yet (global/unsupported.h).
#pragma once

#include "global/config.h"
#include "global/params.h"

namespace handoff::smtp {

void refuse_unsupported(const global::Config& config, const global::Params& params);

}  // namespace handoff::smtp
