// base_name.h - the last component of a path.
#pragma once

#include <string_view>

namespace handoff::util {

inline std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace handoff::util
