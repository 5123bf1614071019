// standard_descriptors.h - descriptors 0 to 2 are open.
#pragma once

namespace handoff::util {

// Opens those that the caller has left closed on /dev/null: what this process opens next must not
// become its standard output. The first thing a program does. False: not even that works.
[[nodiscard]] bool open_standard_descriptors();

}  // namespace handoff::util
