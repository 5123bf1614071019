#include "util/line_document.h"

#include <algorithm>

#include "util/text_file.h"

namespace handoff::util {
namespace {

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

}  // namespace

LineDocument::LineDocument(std::string_view text) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = without_end(text.substr(0, length));
    const LineKind kind = line_kind(line);
    if (kind == LineKind::First) {
      entries_.push_back({number, std::string(line), {original_.size()}});
    } else if (kind == LineKind::Continuation && !entries_.empty()) {
      entries_.back().text += line;
      entries_.back().lines.push_back(original_.size());
    }
    original_.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  for (Entry& entry : entries_) entry.text = entry.text.substr(0, entry.text.find('\0'));
  lines_ = original_;
}

std::string_view LineDocument::first_line(const Entry& entry) const {
  return without_end(original_[entry.lines.front()]);
}

void LineDocument::replace(const Entry& entry, std::string_view text) {
  remove(entry);
  lines_[entry.lines.front()] = std::string(text) + '\n';
}

void LineDocument::remove(const Entry& entry) {
  for (const std::size_t line : entry.lines) lines_[line].clear();
}

void LineDocument::comment_out(const Entry& entry) {
  for (const std::size_t line : entry.lines) lines_[line].insert(0, 1, '#');
}

void LineDocument::append(std::string_view text) {
  lines_.push_back(std::string(text) + '\n');
}

std::string LineDocument::text() const {
  std::string text;
  for (const std::string& line : lines_) {
    if (line.empty()) continue;
    if (!text.empty() && text.back() != '\n') text += '\n';  // what was the last line, unended
    text += line;
  }
  return text;
}

}  // namespace handoff::util
