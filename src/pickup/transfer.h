// transfer.h - one file of the maildrop directory, fed into cleanup(8).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "global/params.h"

namespace handoff::pickup {

struct Input {
  int fd = -1;
  std::string path;
  uid_t owner = 0;           // who submitted it
  std::int64_t changed = 0;  // when it was complete
};

enum class Outcome {
  Keep,    // for another time
  Remove,  // cleanup has it, or nobody can ever make a message of it
};

Outcome transfer(const Input& input, const global::Params& params);

}  // namespace handoff::pickup
