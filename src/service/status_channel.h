// status_channel.h - tells master(8) whether this process is busy (spec/master.md 3.1).
//
// Master forks another process when all are busy, and takes a process that died before its first
// completed request for one that cannot start. Where the process limit is one, the former cannot
// happen: then the first pair of records, sent together when the first request is done, is all
// that master needs, and every later one would only wake it up.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "global/master_proto.h"
#include "util/unique_fd.h"

namespace handoff::service {

class StatusChannel {
 public:
  enum class Detail {
    EveryRequest,
    FirstRequest,  // for a process limit of one
    None,          // stand-alone: there is no master
  };

  StatusChannel(util::UniqueFd socket, pid_t pid, unsigned generation, Detail detail);

  // A request begins. Nothing to be done when master is gone: the client is served anyway.
  void taken();
  // It has ended. False: master has gone, or has been reloaded; this process has to leave.
  [[nodiscard]] bool available();

  // In a child that goes on for its parent (drain): nothing is reported any more.
  void retire();

  // Readable means end-of-file; -1 when there is no master.
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  global::master_proto::StatusRecord record(global::master_proto::Availability availability) const;

  util::UniqueFd socket_;
  pid_t pid_;
  unsigned generation_;
  Detail detail_;
  bool first_ = true;
};

// The value of GENERATION; nothing unless all of it is octal digits.
std::optional<unsigned> parse_generation(std::string_view text);

}  // namespace handoff::service
