#include "util/brace_words.h"

#include "util/braces.h"

namespace handoff::util {

Result<std::vector<std::string>> split_brace_words(std::string_view text,
                                                   std::string_view separators) {
  std::vector<std::string> words;
  while (true) {
    const std::string_view word = next_brace_word(text, separators);
    if (word.empty()) return words;
    const Result<std::string_view> bare = without_braces(word);
    if (!bare) return bare.error();
    words.emplace_back(*bare);
  }
}

}  // namespace handoff::util
