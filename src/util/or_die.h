// or_die.h - for programs that cannot go on without: the value, or a fatal line and the end.
#pragma once

#include <utility>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::util {

template <typename T>
T or_die(Result<T> result) {
  if (!result) msg::fatal("{}", result.error().what);
  return *std::move(result);
}

inline void or_die(Status status) {
  if (!status) msg::fatal("{}", status.error().what);
}

}  // namespace handoff::util
