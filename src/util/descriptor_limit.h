// descriptor_limit.h - how many files this process may have open.
#pragma once

#include <cstddef>

namespace handoff::util {

// Raises the limit as far as the system allows, and says how far that is. It stays as it is, with a
// warning, where even that is not allowed.
std::size_t raise_descriptor_limit();

}  // namespace handoff::util
