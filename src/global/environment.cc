#include "global/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "util/brace_words.h"
#include "util/text.h"

namespace handoff::global {
namespace {

constexpr std::string_view kListSeparators = ", \t\r\n";

auto named(std::string_view name) {
  return
      [name](std::string_view variable) { return variable.substr(0, variable.find('=')) == name; };
}

}  // namespace

Environment Environment::own() {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  return Environment(std::move(variables));
}

std::optional<std::string> Environment::find(std::string_view name) const {
  const auto found = std::find_if(variables_.begin(), variables_.end(), named(name));
  if (found == variables_.end()) return std::nullopt;
  return found->substr(name.size() + 1);
}

void Environment::set(std::string_view name, std::string_view value) {
  std::string variable = std::string(name) + "=" + std::string(value);
  const auto found = std::find_if(variables_.begin(), variables_.end(), named(name));
  if (found == variables_.end()) {
    variables_.push_back(std::move(variable));
  } else {
    *found = std::move(variable);
  }
}

void Environment::take_effect() const {
  (void)clearenv();
  for (const std::string& variable : variables_) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    (void)setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
}

void Environment::remove(std::string_view name) {
  std::erase_if(variables_, named(name));
}

util::Result<Environment> Environment::imported(const Config& config,
                                                std::string_view import) const {
  auto environment = filtered(import);
  if (environment) return environment;
  config.explain("import_environment", import,
                 "must be names and name=value, where { ends with the matching }");
  return util::Error::syntax("import_environment: " + environment.error().what);
}

util::Result<Environment> Environment::filtered(std::string_view import) const {
  const auto words = util::split_brace_words(import, kListSeparators);
  if (!words) return words.error();
  Environment kept;
  for (const std::string_view word : *words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      kept.set(util::trim(word.substr(0, equals)), util::trim(word.substr(equals + 1)));
    } else if (const auto value = find(word)) {
      kept.set(word, *value);
    }
  }
  return kept;
}

}  // namespace handoff::global
