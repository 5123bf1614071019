// pid_file.h - a file that says who runs, and whose lock proves that he does (spec/master.md 5.2).
#pragma once

#include <string>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::master {

// Creates the file, locks it for as long as the descriptor is open, and writes our process number,
// in 32 columns. The error's code is EWOULDBLOCK when somebody else holds the lock.
util::Result<util::UniqueFd> take_pid_file(const std::string& path);

// Does the file exist and somebody hold its lock? An error when that cannot be told.
util::Result<bool> pid_file_is_locked(const std::string& path);

}  // namespace handoff::master
