// in_memory_file.h - text that goes to another process as a descriptor, whatever its size.
#pragma once

#include <string>
#include <string_view>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

// `name` is for those who look into /proc.
Result<UniqueFd> in_memory_file(const char* name, std::string_view bytes);

// From now on nobody can change it, whoever has it; and the proof of that. A file in a file system
// has no seals.
Status seal(int in_memory_file);
bool sealed(int fd);

// All of a file, from its beginning; Limit when it is longer than `limit`.
Result<std::string> read_whole_file(int fd, std::size_t limit);

}  // namespace handoff::util
