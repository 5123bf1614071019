// append_file.h - opens a log file the careful way.
#pragma once

#include <string>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

// For appending, close-on-exec; created with mode 0644 less the umask. Neither a second hard link
// nor a symbolic link is followed, for somebody else may have made it; except a link that is root's
// in a directory that only root can change, such as /dev/stdout.
Result<UniqueFd> open_for_append(const std::string& path);

}  // namespace handoff::util
