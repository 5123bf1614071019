// text_file.h - configuration files and table sources: read whole or as they come, and cut into
// logical lines.
//
// A line that begins with a blank continues the one before it; empty lines and lines whose first
// non-blank is "#" do not count, wherever they stand.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
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
  int number = 0;  // of its first physical line, from 1
  // Without line ends; blanks that lead a continuation are kept. It ends before its first NUL,
  // continuations and all, as Postfix sees it.
  std::string text;
};

// Makes logical lines of physical ones, given without their ends. A file cannot begin with a
// continuation: such text is left out with a warning that names `file`.
class LineJoiner {
 public:
  explicit LineJoiner(std::string_view file) : file_(file) {}

  // The logical line that has ended before this physical one.
  std::optional<LogicalLine> add(std::string_view line);
  // The last one. No lines may be added any more.
  std::optional<LogicalLine> finish();

 private:
  void warn_of_stray();
  // Puts another line in its place.
  std::optional<LogicalLine> ended(std::optional<LogicalLine> next);

  std::string file_;
  int number_ = 0;
  std::optional<LogicalLine> begun_;
  std::string stray_;
};

// All at once.
std::vector<LogicalLine> logical_lines(std::string_view text, std::string_view file);

// The logical lines of a file that may be too big to be held in memory.
class LogicalLineFile {
 public:
  static Result<LogicalLineFile> open(const std::string& path);

  // Nothing: there are no more.
  Result<std::optional<LogicalLine>> next();

  // When it was opened.
  [[nodiscard]] const struct stat& state() const { return state_; }
  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(state_.st_size); }
  // How many bytes have been read.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // Since it was opened: what has been read may be half of an edit.
  [[nodiscard]] Result<bool> changed() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  LogicalLineFile(const std::string& path, File file, const struct stat& state);

  std::string path_;
  File file_;
  struct stat state_;
  LineJoiner joiner_;
  std::string line_;
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace handoff::util
