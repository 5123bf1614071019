// show.h - printing what is set.
#pragma once

#include "postconf/names.h"
#include "postconf/options.h"
#include "postconf/settings.h"

namespace handoff::postconf {

void show_main(const Options& options, const Settings& settings, const Names& names);
// Entries, their fields or their parameters, as the mode says.
void show_master(const Options& options, const Settings& settings);

}  // namespace handoff::postconf
