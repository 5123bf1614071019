// unicode.h - what we need of Unicode, of the library ICU.
//
// That library costs a process 2 MB of (mostly shared) memory and 1 ms, and most mail is ASCII: it
// is loaded only when it is needed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::tables {

// For what may come after a chroot, where the library cannot be found. Harmless at any time.
void prepare_case_folding();
// Nothing, for text that is not UTF-8, or where the library cannot be loaded (which is logged
// once).
std::optional<std::string> fold_unicode(std::string_view text);

// A host or domain name in lower case, with its labels in Unicode instead of "xn--..." (UTS 46, as
// RFC 5891 has it). Error Syntax: what ICU has against it.
util::Result<std::string> domain_to_utf8(std::string_view domain);

}  // namespace handoff::tables
