#include "util/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

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

void warn_of_stray(std::string_view file, std::string_view text) {
  const std::string_view shown = text.substr(0, kQuotedLength);
  msg::warn("{}: logical line must not start with whitespace: \"{}{}\"", file, shown,
            shown.size() < text.size() ? "..." : "");
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

std::vector<LogicalLine> logical_lines(std::string_view text, std::string_view file) {
  std::vector<LogicalLine> lines;
  std::string stray;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const LineKind kind = line_kind(line);
    if (kind == LineKind::Ignored) continue;
    if (kind == LineKind::First) {
      lines.push_back({number, std::string(line)});
    } else if (!lines.empty()) {
      lines.back().text += line;
    } else {
      stray += line;
    }
  }
  if (!stray.empty()) warn_of_stray(file, stray);
  return lines;
}

}  // namespace handoff::util
