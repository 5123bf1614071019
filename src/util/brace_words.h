// brace_words.h - words separated by blanks, where { } keep together what belongs together.
//
// For master.cf arguments and main.cf lists. Braces nest and count anywhere in a word: "a{ b c }"
// is one word. A word that begins with "{" must end with its partner, and loses both with the
// blanks just inside: "{ a = b c }" is "a = b c". An unmatched "}" is an ordinary character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::util {

// Error Syntax: missing '}' in "{ a = b", syntax error after '}' in "{a}b".
Result<std::vector<std::string>> split_brace_words(std::string_view text,
                                                   std::string_view separators = " \t\r\n");

}  // namespace handoff::util
