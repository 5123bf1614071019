#include "util/brace_words.h"

#include <algorithm>

#include "util/text.h"

namespace handoff::util {
namespace {

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

// Takes the first word off `rest`; empty at its end.
std::string_view take_word(std::string_view& rest, std::string_view separators) {
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

std::size_t partner_of_first_brace(std::string_view word) {
  int depth = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '{') ++depth;
    if (word[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

Result<std::string> without_braces(std::string_view word) {
  if (!word.starts_with('{')) return std::string(word);
  const std::size_t partner = partner_of_first_brace(word);
  if (partner == std::string_view::npos) return Error::syntax("missing '}' in " + quoted(word));
  if (partner + 1 != word.size()) return Error::syntax("syntax error after '}' in " + quoted(word));
  return std::string(trim(word.substr(1, partner - 1)));
}

}  // namespace

Result<std::vector<std::string>> split_brace_words(std::string_view text,
                                                   std::string_view separators) {
  std::vector<std::string> words;
  for (auto word = take_word(text, separators); !word.empty(); word = take_word(text, separators)) {
    auto bare = without_braces(word);
    if (!bare) return std::move(bare).error();
    words.push_back(*std::move(bare));
  }
  return words;
}

}  // namespace handoff::util
