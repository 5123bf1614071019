// main_cf_text.h - text in the form of main.cf: "name = value", one logical line for each.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::global {

struct Assignment {
  std::string_view name;
  std::string_view value;
};

// "name = value" without the blanks around both; they lie in `text`. Error Syntax: `missing '='
// after attribute name: "TEXT"`, `missing attribute name: "TEXT"`.
util::Result<Assignment> parse_assignment(std::string_view text);

// Of its logical lines (util/text_file.h). Error Syntax: "FILE, line N: missing ...", explained in
// the log before.
using AssignmentVisitor = std::function<void(const Assignment& assignment, int line)>;
util::Status visit_assignments(std::string_view text, const std::string& file,
                               const AssignmentVisitor& visit);

// For visitors: an earlier line had another value for that name.
void warn_of_override(const std::string& file, int line, std::string_view name,
                      std::string_view earlier_value);

}  // namespace handoff::global
