#include "master/spawner.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "global/master_proto.h"
#include "util/msg.h"

namespace handoff::master {

void Spawner::make_flow_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) {
    msg::fatal("pipe: {}", util::errno_text(errno));
  }
  flow_read_.reset(ends[0]);
  flow_write_.reset(ends[1]);
}

void Spawner::configure(std::string daemon_directory, Environment environment) {
  daemon_directory_ = std::move(daemon_directory);
  environment_ = std::move(environment);
}

std::string Spawner::path_of(const Entry& entry) const {
  return daemon_directory_ + "/" + entry.command;
}

util::Result<Spawner::Born> Spawner::spawn(const Entry& entry, const Endpoint& endpoint,
                                           bool stressed, int status,
                                           const std::vector<util::UniqueFd>& listeners) {
  Command command{path_of(entry), child_arguments(entry, endpoint, mode_, stressed), environment_};
  Inheritance inheritance{flow_read_.get(), flow_write_.get(), status, {}};
  for (const auto& listener : listeners) inheritance.listeners.push_back(listener.get());
  const unsigned generation = ++generation_;
  command.environment.set(global::master_proto::kGenerationVariable, generation_text(generation));

  const pid_t pid = fork();
  if (pid < 0) return util::Error::system("fork", errno);
  if (pid == 0) become(command, inheritance);
  return Born{pid, generation};
}

}  // namespace handoff::master
