// source_file.h - the text that indexed tables are made from, postmap(1): "key whitespace value".
//
// A key ends at the first blank outside of double quotes; a backslash protects what follows it;
// both stay in the key. A bad line costs a warning and is left out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tables/table_options.h"
#include "util/result.h"
#include "util/text_file.h"

namespace handoff::tables {

struct SourceEntry {
  std::string place;  // "FILE, line 7"
  std::string key;    // as written, not folded
  std::string value;  // the content of files, where TableOptions::values_are_files
};

// How a line without a value is spoken of.
enum class SourceUser { Texthash, Postmap };

// Nothing: the line is left out.
std::optional<SourceEntry> parse_source_line(const util::LogicalLine& line, std::string_view file,
                                             const TableOptions& options, SourceUser user);

// Calls `take` for each entry, until it fails.
util::Status parse_source(std::string_view text, std::string_view file, const TableOptions& options,
                          SourceUser user, const std::function<util::Status(SourceEntry)>& take);

// The content of files "a, b c", in base64; a line end between one and the next.
util::Result<std::string> encode_files(std::string_view names);

}  // namespace handoff::tables
