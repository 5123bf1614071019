#include "global/main_cf_text.h"

#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::global {

using util::Error;
using util::Result;

Result<Assignment> parse_assignment(std::string_view text) {
  std::string_view rest = util::trim_left(text);
  const std::string_view name = rest.substr(0, rest.find_first_of("= \t\r\n\v\f"));
  rest = util::trim_left(rest.substr(name.size()));
  const auto quoted = [&](const char* problem) {
    return Error::syntax(std::string(problem) + ": \"" + std::string(text) + '"');
  };
  if (name.empty()) return quoted("missing attribute name");
  if (!rest.starts_with('=')) return quoted("missing '=' after attribute name");
  return Assignment{name, util::trim(rest.substr(1))};
}

util::Status visit_assignments(std::string_view text, const std::string& file,
                               const AssignmentVisitor& visit) {
  for (const util::LogicalLine& line : util::logical_lines(text, file)) {
    const Result<Assignment> assignment = parse_assignment(line.text);
    if (!assignment) {
      msg::warn(
          "{}, line {}: an entry is name = value; a line that begins with a blank continues "
          "the one before it",
          file, line.number);
      return Error::syntax(file + ", line " + std::to_string(line.number) + ": " +
                           assignment.error().what);
    }
    visit(*assignment, line.number);
  }
  return {};
}

void warn_of_override(const std::string& file, int line, std::string_view name,
                      std::string_view earlier_value) {
  msg::warn("{}, line {}: overriding earlier entry: {}={}", file, line, name, earlier_value);
}

}  // namespace handoff::global
