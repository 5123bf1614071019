#include "global/farewells.h"

#include <sys/socket.h>

#include <algorithm>

namespace handoff::global {
namespace {

constexpr std::size_t kTexts = 1000;
constexpr std::size_t kLongest = 1000;

}  // namespace

Farewells::Number Farewells::number_of(std::string_view text) {
  if (text.empty() || text.size() > kLongest) return kNone;
  const auto known = std::find(texts_.begin(), texts_.end(), text);
  if (known == texts_.end()) {
    if (texts_.size() == kTexts) return kNone;
    texts_.emplace_back(text);
    return static_cast<Number>(texts_.size());
  }
  return static_cast<Number>(known - texts_.begin() + 1);
}

std::string_view Farewells::text(Number number) const {
  return number == kNone ? std::string_view() : texts_[number - 1];
}

void Farewells::say(Number number, int connection) const {
  if (number == kNone) return;
  const std::string& words = texts_[number - 1];
  // Whoever does not hear it sees the connection close.
  (void)send(connection, words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace handoff::global
