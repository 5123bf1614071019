// daemon_check.h - will the daemons of master.cf start with what main.cf and their -o say?
//
// A daemon stops at a parameter that it reads and that has a bad value. At start there is nothing
// better than that; at a reload there is: the configuration that works. Looked at are the options
// of each entry and the parameters of params.def, for all programs that are named there as readers.
// What only the program itself can find out, a table that cannot be opened for example, is not.
#pragma once

#include "master/setup.h"
#include "util/result.h"

namespace handoff::master {

// The first mistake in `setup` that `running` does not have as well; it has been explained in the
// log.
util::Status check_daemons(const Setup& setup, const Setup& running);

}  // namespace handoff::master
