#include "postmap/input.h"

#include <algorithm>
#include <iostream>
#include <iterator>

namespace handoff::postmap {

void for_each_input_line(const std::function<void(const std::string& line)>& take) {
  for (std::string line; std::getline(std::cin, line);) {
    line.resize(std::min(line.find('\0'), line.size()));
    take(line);
  }
}

std::string all_input() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

}  // namespace handoff::postmap
