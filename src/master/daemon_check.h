// daemon_check.h - will the daemons of master.cf start with what main.cf and their -o say?
//
// A daemon that is not there cannot be started, and one stops at a parameter that it reads and that
// has a bad value. At start there is nothing better than that; at a reload there is: the
// configuration that works. Looked at are the command of each entry and, for programs that are
// named in params.def as readers, options, parameters and what they need (service/programs.h).
// What only the program itself can find out, a table that cannot be opened for example, is not.
#pragma once

#include "master/setup.h"
#include "util/result.h"

namespace handoff::master {

// The first mistake in `setup` that `running` does not have as well; it has been explained in the
// log.
util::Status check_daemons(const Setup& setup, const Setup& running);

}  // namespace handoff::master
