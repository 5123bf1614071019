#include "postconf/braces.h"

#include <algorithm>

#include "util/braces.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::postconf {

std::string_view without_braces(std::string_view word, std::string_view file) {
  const util::Result<std::string_view> bare = util::without_braces(word);
  if (bare) return *bare;
  msg::warn("{}: {}", file, bare.error().what);
  std::size_t end = 0;
  for (int depth = 0; end < word.size(); ++end) {
    if (word[end] == '{') ++depth;
    if (word[end] == '}' && --depth == 0) break;
  }
  return util::trim(word.substr(1, end - 1));
}

}  // namespace handoff::postconf
