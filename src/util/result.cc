#include "util/result.h"

#include <cstring>

namespace handoff::util {

std::string errno_text(int code) {
  if (code == 0) return "Application error";
  char buffer[128];
  return strerror_r(code, buffer, sizeof buffer);
}

Error Error::system(std::string_view what, int code) {
  return {Kind::System, std::string(what) + ": " + errno_text(code), code};
}

}  // namespace handoff::util
