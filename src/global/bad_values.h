// bad_values.h - all mistakes in main.cf at once: what postconf(1) checks for its user.
#pragma once

#include <vector>

#include "global/config.h"
#include "util/result.h"

namespace handoff::global {

// Values that a program of this suite would not start with; each is explained in the log, with file
// and line.
std::vector<util::Error> find_bad_values(const Config& config);

}  // namespace handoff::global
