#include "global/msg_stats.h"

#include <time.h>

#include <cstring>

namespace handoff::global {

TimeStamp TimeStamp::now() {
  timespec clock{};
  (void)::clock_gettime(CLOCK_REALTIME, &clock);  // cannot fail with these arguments
  return {clock.tv_sec, clock.tv_nsec / 1000};
}

std::string MsgStats::to_bytes() const {
  std::string bytes(sizeof *this, '\0');
  std::memcpy(bytes.data(), this, sizeof *this);
  return bytes;
}

util::Result<MsgStats> MsgStats::from_bytes(std::string_view bytes) {
  if (bytes.size() != sizeof(MsgStats))
    return util::Error::protocol("time stamps of the wrong size");
  MsgStats stats;
  std::memcpy(&stats, bytes.data(), sizeof stats);
  return stats;
}

}  // namespace handoff::global
