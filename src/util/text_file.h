// text_file.h - configuration files and table sources: read whole, and cut into logical lines.
//
// A line that begins with a blank continues the one before it; empty lines and lines whose first
// non-blank is "#" do not count, wherever they stand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::util {

// Read again when the file changes under our hands, so never half of an edit.
Result<std::string> read_text_file(const std::string& path);

enum class LineKind {
  Ignored,  // empty, or a comment
  First,    // of a logical line
  Continuation,
};
LineKind line_kind(std::string_view line);

struct LogicalLine {
  int number = 0;    // of its first physical line, from 1
  std::string text;  // without line ends; blanks that lead a continuation are kept
};

// A file cannot begin with a continuation: such text is left out with a warning that names `file`.
std::vector<LogicalLine> logical_lines(std::string_view text, std::string_view file);

}  // namespace handoff::util
