#include "scache-driver/script.h"

#include <algorithm>
#include <iostream>
#include <limits>
#include <utility>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::scache_driver {
namespace {

Words split(const std::string& line) {
  Words words;
  for (const std::string_view word : util::split(line, " \t\r\n")) words.emplace_back(word);
  return words;
}

bool begins_block(const Words& words) {
  return words.size() > 1 && words.back() == "{";
}

bool ends_block(const Words& words) {
  return words.size() == 1 && words[0] == "}";
}

}  // namespace

int to_number(const std::string& text) {
  constexpr long kLargest = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(std::strtol(text.c_str(), nullptr, 10), -kLargest, kLargest));
}

std::optional<Words> Script::next_line() {
  std::string line;
  while (true) {
    if (show_ == Show::Prompt) std::cout << "> " << std::flush;
    if (!std::getline(input_, line)) return std::nullopt;
    line.resize(std::min(line.find('\0'), line.size()));  // labels are text
    if (show_ == Show::Echo) std::cout << ">>> " << line << '\n' << std::flush;
    Words words = split(line);
    if (!words.empty() && words[0][0] != '#') return words;
  }
}

std::optional<Statement> Script::next() {
  auto words = next_line();
  if (!words) return std::nullopt;
  return complete(*std::move(words));
}

std::optional<Statement> Script::complete(Words words) {
  Statement statement{std::move(words), {}};
  if (!extensions_ || !begins_block(statement.words)) return statement;
  statement.words.pop_back();
  while (true) {
    auto line = next_line();
    if (!line) {
      msg::error("end of input within a block: {}", statement.words[0]);
      return std::nullopt;
    }
    if (ends_block(*line)) return statement;
    auto inner = complete(*std::move(line));
    if (!inner) return std::nullopt;
    statement.block.push_back(*std::move(inner));
  }
}

}  // namespace handoff::scache_driver
