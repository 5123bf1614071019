// status_pair.h - the two ends through which the processes of a service report (spec/master.md 4).
//
// Made before anything of the running system is touched: when there are no descriptors left, that
// is the end of a plan and not of the mail system.
#pragma once

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::master {

struct StatusPair {
  util::UniqueFd ours;
  util::UniqueFd theirs;  // a copy stays with master, so that its own end never sees end-of-file

  static util::Result<StatusPair> open();
};

}  // namespace handoff::master
