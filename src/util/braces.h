// braces.h - lists in main.cf where { } keep together what belongs together.
//
// Braces nest and count anywhere in a word; an unmatched "}" is an ordinary character.
#pragma once

#include <string_view>

#include "util/result.h"

namespace handoff::util {

// Takes the next word off the front of `rest`, braces and all; empty when there is none left.
std::string_view next_brace_word(std::string_view& rest, std::string_view separators);

// "{ text }" is "text"; a word without braces stays as it is. Error Syntax: `missing '}' in "{a"`,
// `syntax error after '}' in "{a}b"`.
Result<std::string_view> without_braces(std::string_view word);

}  // namespace handoff::util
