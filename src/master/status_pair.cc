#include "master/status_pair.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace handoff::master {

util::Result<StatusPair> StatusPair::open() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return util::Error::system("socketpair", errno);
  return StatusPair{util::UniqueFd(ends[0]), util::UniqueFd(ends[1])};
}

}  // namespace handoff::master
