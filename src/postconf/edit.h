// edit.h - changing main.cf and master.cf, and nothing in them that was not meant.
#pragma once

#include "postconf/options.h"

namespace handoff::postconf {

// Both end the program at a mistake in the operands, before a file is touched, or in the file.
void edit_main(const Options& options);
void edit_master(const Options& options);

}  // namespace handoff::postconf
