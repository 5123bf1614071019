// edited_file.h - one change of a file in the configuration directory.
#pragma once

#include <functional>
#include <string>

#include "postconf/options.h"
#include "util/line_document.h"

namespace handoff::postconf {

// Ends the program when there are none.
void require_operands(const Options& options);

// Replaces the file by what `change` makes of it; `path` is for messages. Nothing has happened when
// `change` ends the program.
using Change = std::function<void(const std::string& path, util::LineDocument& document)>;
void edit_file(const std::string& name, const Change& change);

}  // namespace handoff::postconf
