#include "util/braces.h"

#include <algorithm>
#include <string>

#include "util/text.h"

namespace handoff::util {
namespace {

std::size_t partner_of_first_brace(std::string_view word) {
  int depth = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '{') ++depth;
    if (word[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view next_brace_word(std::string_view& rest, std::string_view separators) {
  rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
  std::size_t end = 0;
  for (int depth = 0; end < rest.size(); ++end) {
    const char c = rest[end];
    if (depth == 0 && separators.find(c) != std::string_view::npos) break;
    if (c == '{') ++depth;
    if (c == '}' && depth > 0) --depth;
  }
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

Result<std::string_view> without_braces(std::string_view word) {
  if (!word.starts_with('{')) return word;
  const auto quoted = [&](const char* problem) {
    return Error::syntax(std::string(problem) + " in \"" + std::string(word) + '"');
  };
  const std::size_t partner = partner_of_first_brace(word);
  if (partner == std::string_view::npos) return quoted("missing '}'");
  if (partner + 1 != word.size()) return quoted("syntax error after '}'");
  return trim(word.substr(1, partner - 1));
}

}  // namespace handoff::util
