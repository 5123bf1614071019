// spawn.h - the start-up contract between master and a daemon, byte for byte (spec/master.md 2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "global/environment.h"
#include "master/endpoint.h"
#include "master/master_cf.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::master {

using global::Environment;

// What about master itself its children are told.
struct MasterMode {
  bool attached = false;  // -d
  bool verbose = false;   // -v
};

// Does the service get "-o stress=", and with it stress mode, when many clients come?
bool adapts_to_stress(const Entry& entry, const Endpoint& endpoint);

std::vector<std::string> child_arguments(const Entry& entry, const Endpoint& endpoint,
                                         const MasterMode& mode, bool stressed);

// For GENERATION: octal, as the other side reads it.
std::string generation_text(unsigned generation);

// The descriptors that a child inherits, wherever they are in this process.
struct Inheritance {
  int flow_read;
  int flow_write;
  int status;
  std::vector<int> listeners;
  int main_cf = -1;  // behind the listeners, where a daemon that does not know it does not care
};

struct Command {
  std::string path;
  std::vector<std::string> arguments;
  Environment environment;
};

// In the forked child: never comes back. Descriptors not in `inheritance` are close-on-exec.
[[noreturn]] void become(const Command& command, const Inheritance& inheritance);

}  // namespace handoff::master
