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

  explicit Spawner(MasterMode mode);

  // At start and at each reload.
  void configure(std::string daemon_directory, Environment environment);
  // Until the next configure() daemons get this main.cf; the descriptor must stay open.
  void hand_out(int main_cf) { main_cf_ = main_cf; }

  // The path of a daemon's program, for messages.
  [[nodiscard]] std::string path_of(const Entry& entry) const;

  util::Result<Born> spawn(const Entry& entry, const Endpoint& endpoint, bool stressed, int status,
                           const std::vector<util::UniqueFd>& listeners);

 private:
  MasterMode mode_;
  std::string daemon_directory_;
  Environment environment_;
  util::UniqueFd flow_read_;  // tokens for receiving daemons, one pipe for the whole instance
  util::UniqueFd flow_write_;
  int main_cf_ = -1;
  unsigned generation_ = 0;
};

}  // namespace handoff::master
