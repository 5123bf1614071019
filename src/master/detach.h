// detach.h - from a command that somebody typed to a process of its own.
#pragma once

#include "util/unique_fd.h"

namespace handoff::master {

// Nothing that the caller left open reaches our children.
void close_inherited_descriptors();

// Forks (-w). The parent waits until the child has called announce_ready(), and exits with status
// 0, or 1 when the child has died or takes too long. Only the child comes back.
util::UniqueFd fork_and_wait();
void announce_ready(util::UniqueFd parent);

void leave_standard_input();
void leave_standard_output();
void leave_standard_error();

// Our own session and process group: whoever stops us signals the group.
void become_session_leader();
// The same for who stays in his session (-d). With a terminal everything stays as it is: the keys
// that send signals must still reach us.
void lead_process_group();

}  // namespace handoff::master
