// rules.h - what main.cf says about addresses, with its tables opened.
#pragma once

#include "global/config.h"
#include "global/params.h"
#include "trivial-rewrite/rewrite_service.h"

namespace handoff::rewrite {

// Before privileges are dropped: tables may be readable for root only.
Rules load_rules(const global::Config& config, const global::Params& params);

}  // namespace handoff::rewrite
