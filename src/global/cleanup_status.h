// cleanup_status.h - what to tell people about the status that cleanup(8) or postdrop(1) gave.
#pragma once

#include <string_view>

namespace handoff::global {

// "message file too big": the worst that the mask says.
std::string_view cleanup_status_text(int status);
// Trying again with the same message cannot help.
bool is_hopeless(int status);

}  // namespace handoff::global
