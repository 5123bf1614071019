// append_file.h - opens a log file the careful way.
#pragma once

#include <string>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

// For appending, close-on-exec; created with mode 0644 less the umask. Neither a second hard link
// nor a symbolic link is followed, for somebody else may have made it; except a link that is root's
// in a directory that only root can change, such as /dev/stdout.
//
// Never waits, and in non-blocking mode, which other descriptors of the same file do not share. A
// FIFO that nobody reads is ENXIO; unless a reader may come later, and writing is EPIPE until then.
enum class Reader { Now, Later };
Result<UniqueFd> open_for_append(const std::string& path, Reader reader = Reader::Now);

}  // namespace handoff::util
