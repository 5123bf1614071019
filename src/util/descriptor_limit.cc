#include "util/descriptor_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <utility>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::util {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) msg::fatal("getrlimit: {}", errno_text(errno));
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (before == limit.rlim_max || setrlimit(RLIMIT_NOFILE, &limit) == 0) return limit.rlim_max;
  msg::warn("cannot raise the limit on open files: {}", errno_text(errno));
  return before;
}

}  // namespace handoff::util
