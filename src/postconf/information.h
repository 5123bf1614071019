// information.h - what this installation can do.
#pragma once

#include "postconf/options.h"

namespace handoff::postconf {

// The mode is one of those that are not about main.cf or master.cf. Gives the exit status.
int show_information(const Options& options);

}  // namespace handoff::postconf
