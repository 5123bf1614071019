#include "util/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "util/msg.h"
#include "util/text.h"
#include "util/unique_fd.h"

namespace handoff::util {
namespace {

constexpr int kReadAttempts = 10;
constexpr std::size_t kQuotedLength = 30;

bool same_state(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

Result<std::string> read_all(int fd) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count == 0) return text;
    if (count > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return Error::system("read", errno);
    }
  }
}

// With its end, if it has one; false at the end of the file.
Result<bool> read_line(std::FILE* file, std::string& line) {
  line.clear();
  for (int c = getc_unlocked(file); c != EOF; c = getc_unlocked(file)) {
    line += static_cast<char>(c);
    if (c == '\n') return true;
  }
  if (std::ferror(file) != 0) return Error::system("read", errno);
  return !line.empty();
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  for (int attempt = 1;; ++attempt) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat before {};
    struct stat after {};
    if (!file || fstat(file.get(), &before) != 0) return Error::system("open " + path, errno);
    Result<std::string> text = read_all(file.get());
    if (!text) return Error::system("read " + path, text.error().code);
    if (fstat(file.get(), &after) != 0) return Error::system("stat " + path, errno);
    // An editor that never pauses gets the last state we saw, like everybody else.
    if (same_state(before, after) || attempt == kReadAttempts) return text;
  }
}

LineKind line_kind(std::string_view line) {
  const std::string_view content = trim_left(line);
  if (content.empty() || content.front() == '#') return LineKind::Ignored;
  return content.size() == line.size() ? LineKind::First : LineKind::Continuation;
}

std::optional<LogicalLine> LineJoiner::add(std::string_view line) {
  ++number_;
  switch (line_kind(line)) {
    case LineKind::Ignored:
      return std::nullopt;
    case LineKind::Continuation:
      (begun_ ? begun_->text : stray_) += line;
      return std::nullopt;
    case LineKind::First:
      break;
  }
  return ended(LogicalLine{number_, std::string(line)});
}

std::optional<LogicalLine> LineJoiner::finish() {
  return ended(std::nullopt);
}

std::optional<LogicalLine> LineJoiner::ended(std::optional<LogicalLine> next) {
  warn_of_stray();
  auto line = std::exchange(begun_, std::move(next));
  if (line) line->text.resize(std::min(line->text.find('\0'), line->text.size()));
  return line;
}

void LineJoiner::warn_of_stray() {
  if (stray_.empty()) return;
  const std::string_view shown = std::string_view(stray_).substr(0, kQuotedLength);
  msg::warn("{}: logical line must not start with whitespace: \"{}{}\"", file_, shown,
            shown.size() < stray_.size() ? "..." : "");
  stray_.clear();
}

std::vector<LogicalLine> logical_lines(std::string_view text, std::string_view file) {
  std::vector<LogicalLine> lines;
  const auto take = [&lines](std::optional<LogicalLine> line) {
    if (line) lines.push_back(*std::move(line));
  };
  LineJoiner joiner(file);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    take(joiner.add(line));
  }
  take(joiner.finish());
  return lines;
}

LogicalLineFile::LogicalLineFile(const std::string& path, File file, const struct stat& state)
    : path_(path), file_(std::move(file)), state_(state), joiner_(path) {}

Result<LogicalLineFile> LogicalLineFile::open(const std::string& path) {
  File file(std::fopen(path.c_str(), "re"));
  struct stat state {};
  if (!file || fstat(fileno(file.get()), &state) != 0) return Error::system("open " + path, errno);
  return LogicalLineFile(path, std::move(file), state);
}

Result<std::optional<LogicalLine>> LogicalLineFile::next() {
  while (!ended_) {
    const auto read = read_line(file_.get(), line_);
    if (!read) return Error::system("read " + path_, read.error().code);
    if (!*read) {
      ended_ = true;
      return joiner_.finish();
    }
    position_ += line_.size();
    if (line_.back() == '\n') line_.pop_back();
    if (auto line = joiner_.add(line_)) return line;
  }
  return std::optional<LogicalLine>();
}

Result<bool> LogicalLineFile::changed() const {
  struct stat now {};
  if (fstat(fileno(file_.get()), &now) != 0) return Error::system("stat " + path_, errno);
  return !same_state(state_, now);
}

}  // namespace handoff::util
