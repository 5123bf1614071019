// config_expand.h - $name, ${name}, $(name) and their conditional forms in main.cf values.
//
//   $$                                a dollar sign
//   ${name?text} ${name:text}         text if the value, as written, is not empty; if it is
//   ${name?{text}:{text}}             one or the other
//   ${{left} == {right}?{text}:{text}}  comparisons; "true" or nothing without the parts after "?"
//
// Results are expanded again. Comparisons are numeric when both sides are all digits, bytewise
// otherwise; "==level" and the like compare versions (3.10 is more than 3.9).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::global {

// The unexpanded value, or nothing for a name that is not known (it expands to nothing).
using MacroLookup = std::function<std::optional<std::string>(std::string_view name)>;
using MacroVisitor = std::function<void(std::string_view name)>;

// Error Syntax with the text that belongs into a warning. `unknown` is told of the names that are
// not known where their values, and not only whether they have one, are wanted.
util::Result<std::string> expand_macros(std::string_view text, const MacroLookup& lookup,
                                        const MacroVisitor& unknown = {});

// Names every parameter that the text mentions, in any of its branches, in order and as often as it
// does; nothing is looked up. Names before a mistake have been visited.
util::Status visit_macros(std::string_view text, const MacroVisitor& visit);

// Is this a version that "==level" can compare: "3", "3.6" or "3.6.1"?
util::Status check_level(std::string_view text);

}  // namespace handoff::global
