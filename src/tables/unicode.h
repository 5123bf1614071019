// unicode.h - Unicode's case folding, of the library ICU.
//
// That library costs a process 2 MB of (mostly shared) memory and 1 ms, and most mail is ASCII: it
// is loaded only when it is needed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace handoff::tables {

// For what may come after a chroot, where the library cannot be found. Harmless at any time.
void prepare_case_folding();
// Nothing, for text that is not UTF-8, or where the library cannot be loaded (which is logged
// once).
std::optional<std::string> fold_unicode(std::string_view text);

}  // namespace handoff::tables
