#include "sendmail/fail.h"

#include <cstdlib>

#include "util/msg.h"

namespace handoff::sendmail {

void fail_with(int status, std::string_view text) {
  msg::log(msg::Level::Fatal, "{}", fmt::make_format_args(text));
  std::exit(status);
}

}  // namespace handoff::sendmail
