// debugger.h - a debugger for a program that nobody has started from a terminal.
#pragma once

#include <string>

namespace handoff::service {

// Runs debugger_command, which attaches to this process and goes on in the background. Fatal when
// there is none.
void run_debugger(const std::string& command);

}  // namespace handoff::service
