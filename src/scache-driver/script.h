// script.h - the driver's language: lines of words, and blocks of lines.
//
// A line is split at blanks; there is no quoting. With extensions, "repeat N {" and "clients N {"
// begin a block that ends with the line "}"; blocks nest.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace handoff::scache_driver {

using Words = std::vector<std::string>;

struct Statement {
  Words words;
  std::vector<Statement> block;
};

// As C's atoi(): leading digits count, garbage is 0; too much is the largest number.
int to_number(const std::string& text);

class Script {
 public:
  enum class Show { Nothing, Echo, Prompt };

  Script(std::istream& input, Show show, bool extensions)
      : input_(input), show_(show), extensions_(extensions) {}

  // The next line with anything on it, with its block; nothing at the end of the input.
  std::optional<Statement> next();

 private:
  std::optional<Words> next_line();
  std::optional<Statement> complete(Words words);

  std::istream& input_;
  const Show show_;
  const bool extensions_;
};

}  // namespace handoff::scache_driver
