// queue_id.h - the names of messages: how they are made, and in which subdirectory they live.
//
// A name is made of the time of its making and the inode of its file, so it is unique among the
// files that exist. There are a short and a long form; programs accept both at any time. See
// spec/queue-and-delivery.md 1.2 and 1.3.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "global/msg_stats.h"

namespace handoff::global {

// "6DCE2A84896": microseconds and inode in hexadecimal; names come again when inodes do.
std::string short_queue_id(const TimeStamp& time, ino_t inode);
// "4jX4QD3xp6z1c78D": never comes again.
std::string long_queue_id(const TimeStamp& time, ino_t inode);

bool is_long_queue_id(std::string_view id);
// 1 to 255 characters from [A-Za-z0-9_]; anything else in a queue directory is not a message.
bool is_queue_id(std::string_view id);
// 1 to 100 alphanumeric characters.
bool is_queue_name(std::string_view name);
// The inode that the name tells; nothing when it is not the name of a message.
std::optional<ino_t> inode_of_queue_id(std::string_view id);

// "8/" for depth 1, "8/7/" for depth 2: the subdirectory of a hashed queue.
std::string queue_id_hash(std::string_view id, int depth);

}  // namespace handoff::global
