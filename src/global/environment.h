// environment.h - the variables that programs of ours are started with: daemons by master(8)
// (spec/master.md 2.4), scripts by postfix(1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "global/config.h"
#include "util/result.h"

namespace handoff::global {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::vector<std::string> variables) : variables_(std::move(variables)) {}
  // This process's.
  static Environment own();

  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  void set(std::string_view name, std::string_view value);  // in place, or at the end
  void remove(std::string_view name);

  // Reduced to what import_environment names, in that order: a plain name keeps its variable if
  // it is there, "name=value" sets one. Error Syntax for unbalanced braces.
  [[nodiscard]] util::Result<Environment> filtered(std::string_view import) const;

  // The same for what main.cf says; logs a warning with file and line before it fails.
  [[nodiscard]] util::Result<Environment> imported(const Config& config,
                                                   std::string_view import) const;

  // This process's, from now on: nothing else stays.
  void take_effect() const;

  // "NAME=value" each.
  [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }

 private:
  std::vector<std::string> variables_;
};

}  // namespace handoff::global
