#include "master/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "global/master_proto.h"
#include "util/base_name.h"
#include "util/msg.h"

namespace handoff::master {
namespace {

namespace proto = global::master_proto;

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (const std::string& string : strings) list.push_back(const_cast<char*>(string.c_str()));
  list.push_back(nullptr);
  return list;
}

// First out of the way of each other, then into place.
void place_descriptors(const Inheritance& inheritance) {
  std::vector<int> sources = {inheritance.flow_read, inheritance.flow_write, inheritance.status};
  sources.insert(sources.end(), inheritance.listeners.begin(), inheritance.listeners.end());
  if (inheritance.main_cf >= 0) sources.push_back(inheritance.main_cf);
  const int end = proto::kFlowReadFd + static_cast<int>(sources.size());
  for (int& source : sources) {
    if (source < end) source = fcntl(source, F_DUPFD_CLOEXEC, end);
  }
  int target = proto::kFlowReadFd;
  for (const int source : sources) {
    if (dup2(source, target) != target) msg::fatal("dup2: {}", util::errno_text(errno));
    ++target;
  }
}

}  // namespace

bool adapts_to_stress(const Entry& entry, const Endpoint& endpoint) {
  const bool from_outside = entry.type == ServiceType::Pass ||
                            (entry.type == ServiceType::Inet && !endpoint.loopback_only());
  return from_outside && entry.process_limit > 1;
}

std::vector<std::string> child_arguments(const Entry& entry, const Endpoint& endpoint,
                                         const MasterMode& mode, bool stressed) {
  std::vector<std::string> arguments = {entry.command};
  const auto add = [&](auto... words) { (arguments.emplace_back(words), ...); };
  if (entry.process_limit == 1) add("-l");
  if (entry.process_limit == 0) add("-z");
  if (util::base_name(entry.command) != entry.name) add("-n", entry.name);
  add("-t", name_of(entry.type));
  if (mode.attached) add("-d");
  if (mode.verbose) add("-v");
  if (entry.unprivileged) add("-u");
  if (entry.chroot) add("-c");
  if (adapts_to_stress(entry, endpoint)) add("-o", stressed ? "stress=yes" : "stress=");
  if (endpoint.listeners() > 1) add("-s", std::to_string(endpoint.listeners()));
  arguments.insert(arguments.end(), entry.arguments.begin(), entry.arguments.end());
  return arguments;
}

std::string generation_text(unsigned generation) {
  return fmt::format("{:o}", generation);
}

void become(const Command& command, const Inheritance& inheritance) {
  place_descriptors(inheritance);
  (void)execve(command.path.c_str(), pointers(command.arguments).data(),
               pointers(command.environment.variables()).data());
  msg::fatal("master_spawn: exec {}: {}", command.path, util::errno_text(errno));
}

}  // namespace handoff::master
