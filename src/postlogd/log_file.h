// log_file.h - the log files that postlogd(8) keeps: the one for people and the one for programs.
//
// What does not fit onto a full disk is lost, and a line says how many lines were, once there is
// room again. So is what a FIFO gets as long as nobody has opened it to read. No line is ever cut.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::postlogd {

// Opened once, with the privileges that it takes; each line is one write where the system lets it,
// so that lines of several writers do not mix.
class LogFile {
 public:
  // What becomes of lines for a pipe whose reader does not read.
  enum class FullPipe { Wait, Lose };
  // The line that stands in place of `count` others.
  using Loss = std::function<std::string(std::uint64_t count)>;

  static util::Result<LogFile> open(const std::string& path, FullPipe full_pipe);

  // Lines without a newline.
  void append(std::string line, const Loss& loss);
  // Not yet said in the file.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  explicit LogFile(util::UniqueFd file) : file_(std::move(file)) {}
  // False, when nothing of it has been written.
  bool write(std::string line);
  bool finish_line();

  util::UniqueFd file_;
  std::string rest_;  // of a line that has been begun
  std::uint64_t lost_ = 0;
};

}  // namespace handoff::postlogd
