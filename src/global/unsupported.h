// unsupported.h - parameters of Postfix that a program of ours does not obey yet.
//
// Mail must not go another way, unfiltered, unencrypted or unauthenticated because a parameter was
// overlooked: where that could happen the program stops at start. Where only a convenience is
// missing it says so.
#pragma once

#include <span>
#include <string_view>

#include "global/config.h"

namespace handoff::global {

struct Unsupported {
  std::string_view name;
  bool used;       // it has a value that asks for something
  bool dangerous;  // to go on without
};

// Warns of what is used, and ends the process (msg::fatal) at the first that is dangerous.
// `consequence` completes "NAME = VALUE is not supported; ".
void refuse_unsupported(const Config& config, std::span<const Unsupported> parameters,
                        std::string_view consequence);

}  // namespace handoff::global
