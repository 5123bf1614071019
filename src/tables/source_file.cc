#include "tables/source_file.h"

#include <utility>

#include "tables/settings.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr std::size_t kUnbalanced = std::string_view::npos;
constexpr std::string_view kSeparators = ", \t\r\n";

std::size_t key_length(std::string_view text) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size() && (quoted || !util::is_blank(text[i])); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
  }
  return quoted ? kUnbalanced : i;
}

std::string_view ending(SourceUser user) {
  return user == SourceUser::Texthash ? " -- ignoring this line" : "";
}

}  // namespace

std::optional<SourceEntry> parse_source_line(const util::LogicalLine& line, std::string_view file,
                                             const TableOptions& options, SourceUser user) {
  const std::string place = std::string(file) + ", line " + std::to_string(line.number);
  const std::string_view text = line.text;
  if (options.utf8 && settings().utf8 && !util::is_utf8(text)) {
    msg::warn("{}: non-UTF-8 input \"{}\" -- ignoring this line", place,
              util::printable_utf8(text));
    return std::nullopt;
  }
  const std::size_t length = key_length(text);
  if (length == kUnbalanced) {
    msg::warn("{}: unbalanced '\"' in '{}' -- ignoring this line", place, text);
    return std::nullopt;
  }
  const std::string_view key = text.substr(0, length);
  const std::string_view value = util::trim(text.substr(length));
  if (key.empty() || value.empty()) {
    msg::warn("{}: expected format: key whitespace value{}", place, ending(user));
    return std::nullopt;
  }
  if (key.ends_with(':'))
    msg::warn("{}: record is in \"key: value\" format; is this an alias file?", place);
  SourceEntry entry{place, std::string(key), std::string(value)};
  if (!options.values_are_files) return entry;
  Result<std::string> content = encode_files(value);
  if (!content) {
    msg::warn("{}: {}: skipping this entry", place, content.error().what);
    return std::nullopt;
  }
  entry.value = *std::move(content);
  return entry;
}

Status parse_source(std::string_view text, std::string_view file, const TableOptions& options,
                    SourceUser user, const std::function<Status(SourceEntry)>& take) {
  for (const util::LogicalLine& line : util::logical_lines(text, file)) {
    std::optional<SourceEntry> entry = parse_source_line(line, file, options, user);
    if (!entry) continue;
    if (Status taken = take(*std::move(entry)); !taken) return taken;
  }
  return {};
}

Result<std::string> encode_files(std::string_view names) {
  std::string content;
  std::string_view rest = names;
  std::string_view separator = "";
  while (true) {
    const std::string_view name = util::next_word(rest, kSeparators);
    if (name.empty()) break;
    const Result<std::string> text = util::read_text_file(std::string(name));
    if (!text) return text.error();
    content += separator;
    content += *text;
    separator = "\n";
  }
  if (util::trim(names).find_first_not_of(kSeparators) == std::string_view::npos)
    return Error::syntax("empty pathname list: >>" + std::string(names) + "<<'");
  return util::base64_encode(content);
}

}  // namespace handoff::tables
