// unsupported.h - parameters that this client does not obey yet.
//
// Mail must not go out unencrypted, unauthenticated or unfiltered because a parameter was
// overlooked: where that could happen the program stops at start, and the mail stays in the queue.
// Where only a convenience is missing it says so.
#pragma once

#include "global/config.h"
#include "global/params.h"

namespace handoff::smtp {

void refuse_unsupported(const global::Config& config, const global::Params& params);

}  // namespace handoff::smtp
