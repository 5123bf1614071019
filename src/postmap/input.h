// input.h - standard input, line by line.
#pragma once

#include <functional>
#include <string>

namespace handoff::postmap {

// Without their ends; a line ends at a NUL, too, as in stock.
void for_each_input_line(const std::function<void(const std::string& line)>& take);
std::string all_input();

}  // namespace handoff::postmap
