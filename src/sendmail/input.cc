#include "sendmail/input.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace handoff::sendmail {

using global::RecordType;

namespace {

constexpr std::size_t kBuffer = 65536;

std::string_view without_carriage_returns(std::string_view line) {
  return line.substr(0, line.find_last_not_of('\r') + 1);
}

bool is_mailbox_line(std::string_view line) {
  return line.starts_with("From ") || line.starts_with(">From ");
}

}  // namespace

void LineSplitter::add(std::string_view text) {
  while (!text.empty()) {
    if (line_.size() == limit_) {
      take_(RecordType::Piece, line_);
      line_.clear();
    }
    const std::size_t part = std::min(limit_ - line_.size(), text.size());
    line_ += text.substr(0, part);
    text.remove_prefix(part);
  }
}

void LineSplitter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    add(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    std::string_view line = without_carriage_returns(line_);
    if (line.size() == limit_) {
      take_(RecordType::Piece, line);
      line = {};
    }
    take_(RecordType::Line, line);
    line_.clear();
  }
}

void LineSplitter::finish() {
  if (!line_.empty()) take_(RecordType::Piece, line_);
  line_.clear();
}

bool read_text(int fd, bool ignore_dots, std::size_t limit, const LineSplitter::Take& take) {
  bool at_line_start = true;
  bool in_mailbox_lines = true;
  bool ended = false;
  const auto filter = [&](RecordType type, std::string_view text) {
    const bool starts_line = at_line_start;
    at_line_start = type == RecordType::Line;
    if (in_mailbox_lines && (!starts_line || is_mailbox_line(text))) return;
    in_mailbox_lines = false;
    ended |= !ignore_dots && starts_line && type == RecordType::Line && text == ".";
    if (!ended) take(type, text);
  };
  LineSplitter lines(limit, filter);
  std::array<char, kBuffer> buffer{};
  while (!ended) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    lines.feed({buffer.data(), static_cast<std::size_t>(got)});
  }
  if (!ended) lines.finish();
  return true;
}

}  // namespace handoff::sendmail
