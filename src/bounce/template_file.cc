#include "bounce/template_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "global/main_cf_text.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::bounce {

using util::Error;
using util::Result;

namespace {

constexpr std::string_view kMarkerFollows = "<<";

class Lines {
 public:
  Lines(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  std::string_view next() {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    ++following_;
    return line.substr(0, line.find('\0'));
  }
  [[nodiscard]] int following() const { return following_; }
  [[nodiscard]] std::string place() const { return fmt::format("{}, line {}", file_, following_); }

 private:
  std::string_view rest_;
  const std::string& file_;
  int following_ = 1;
};

Result<std::string_view> marker_in(std::string_view value, const Lines& lines) {
  const std::string_view marker = util::trim(value.substr(kMarkerFollows.size()));
  const auto wrong = [&](const char* problem) {
    return Error::syntax(fmt::format("{}: {} end marker after <<", lines.place(), problem));
  };
  if (marker.empty()) return wrong("missing");
  if (!util::is_alnum(marker.front())) return wrong("malformed");
  return marker;
}

std::vector<std::string_view> lines_before(std::string_view marker, Lines& lines) {
  std::vector<std::string_view> found;
  while (!lines.at_end()) {
    const std::string_view line = lines.next();
    if (line == marker) return found;
    found.push_back(line);
  }
  msg::warn("{}: missing \"{}\" end marker", lines.place(), marker);
  return found;
}

Result<NamedLines> read_entry(std::string_view first, Lines& lines) {
  const auto assignment = global::parse_assignment(first);
  if (!assignment)
    return Error::syntax(fmt::format("{}: {}", lines.place(), assignment.error().what));
  NamedLines entry{assignment->name, {assignment->value}, 0};
  if (assignment->value.starts_with(kMarkerFollows)) {
    const auto marker = marker_in(assignment->value, lines);
    if (!marker) return marker.error();
    entry.lines = lines_before(*marker, lines);
  }
  entry.following_line = lines.following();
  return entry;
}

}  // namespace

util::Status visit_named_lines(std::string_view text, const std::string& file,
                               const NamedLinesVisitor& visit) {
  Lines lines(text, file);
  while (!lines.at_end()) {
    const std::string_view line = lines.next();
    const std::string_view words = util::trim_left(line);
    if (words.empty() || words.front() == '#') continue;
    const auto entry = read_entry(line, lines);
    if (!entry) return entry.error();
    visit(*entry);
  }
  return {};
}

}  // namespace handoff::bounce
