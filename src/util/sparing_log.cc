#include "util/sparing_log.h"

#include <utility>

#include "util/msg.h"

namespace handoff::util {

void SparingLog::warn(std::string_view text) {
  const auto now = clock_.now();
  if (now < quiet_until_) {
    ++left_out_;
    return;
  }
  quiet_until_ = now + interval_;
  const std::size_t left_out = std::exchange(left_out_, 0);
  if (left_out == 0)
    msg::warn("{}", text);
  else
    msg::warn("{} (and {} such warnings before that)", text, left_out);
}

}  // namespace handoff::util
