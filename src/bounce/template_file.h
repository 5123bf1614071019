// template_file.h - the outer syntax of a bounce template file: names, and lines between markers.
//
//   name = <<WORD
//   lines that mean nothing here
//   WORD
//
// or "name = line". Outside of the markers, empty lines and lines whose first non-blank is "#" do
// not count. A line ends at a NUL.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::bounce {

struct NamedLines {
  std::string_view name;
  std::vector<std::string_view> lines;
  int following_line = 0;  // the number of the line after it: what messages tell
};

// In the order of the text, which must outlive what is visited. Where the last end marker is
// missing the lines go on to the end of the text, with a warning. Error Syntax "FILE, line N:
// missing ...", for what is not of this form.
using NamedLinesVisitor = std::function<void(const NamedLines& entry)>;
util::Status visit_named_lines(std::string_view text, const std::string& file,
                               const NamedLinesVisitor& visit);

}  // namespace handoff::bounce
