// set_id.h - whether this process has rights that whoever runs it does not have.
#pragma once

#include <sys/auxv.h>

namespace handoff::util {

// Set-uid or set-gid: neither environment nor arguments are to be trusted.
inline bool set_id_process() {
  return getauxval(AT_SECURE) != 0;
}

}  // namespace handoff::util
