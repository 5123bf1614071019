// hang_up.h - is it only that the peer has gone?
#pragma once

#include <cerrno>

#include "util/result.h"

namespace handoff::util {

inline bool is_hang_up(const Error& error) {
  return error.kind == Error::Kind::Closed || error.code == EPIPE || error.code == ECONNRESET;
}

}  // namespace handoff::util
