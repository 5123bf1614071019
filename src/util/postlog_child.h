// postlog_child.h - what a forked process owes to the log of its parent.
#pragma once

namespace handoff::util::msg {

// In a child that lives beside its parent: lines that wait for postlogd(8) are the parent's to say.
void leave_waiting_to_parent() noexcept;

}  // namespace handoff::util::msg
