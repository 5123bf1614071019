// unsupported.h - parameters that this cleanup does not obey yet (global/unsupported.h).
#pragma once

#include "global/config.h"
#include "global/params.h"

namespace handoff::cleanup {

void refuse_unsupported(const global::Config& config, const global::Params& params);

}  // namespace handoff::cleanup
