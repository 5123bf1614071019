// braces.h - { } around what belongs together, where a mistake is only worth a warning.
#pragma once

#include <string_view>

namespace handoff::postconf {

// "{ text }" is "text"; a word without braces stays as it is. Warns as `FILE: missing '}' in "{a"`
// and gives what is meant.
std::string_view without_braces(std::string_view word, std::string_view file);

}  // namespace handoff::postconf
