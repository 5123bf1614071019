// spawner.h - forks daemons.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "master/spawn.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::master {

class Spawner {
 public:
  struct Born {
    pid_t pid;
    unsigned generation;
  };

  explicit Spawner(MasterMode mode) : mode_(mode) {}

  // Tokens for receiving daemons, one pipe for the whole instance.
  void make_flow_pipe();
  // At start and at each reload.
  void configure(std::string daemon_directory, Environment environment);

  // The path of a daemon's program, for messages.
  [[nodiscard]] std::string path_of(const Entry& entry) const;

  util::Result<Born> spawn(const Entry& entry, const Endpoint& endpoint, bool stressed, int status,
                           const std::vector<util::UniqueFd>& listeners);

 private:
  MasterMode mode_;
  std::string daemon_directory_;
  Environment environment_;
  util::UniqueFd flow_read_;
  util::UniqueFd flow_write_;
  unsigned generation_ = 0;
};

}  // namespace handoff::master
