#include "service/debugger.h"

#include <cstdlib>

#include "util/msg.h"

namespace handoff::service {

void run_debugger(const std::string& command) {
  if (command.empty()) msg::fatal("no debugger_command variable set up");
  msg::info("running: {}", command);
  if (std::system(command.c_str()) != 0) msg::warn("debugger_command failed: {}", command);
}

}  // namespace handoff::service
