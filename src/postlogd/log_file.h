// log_file.h - the log file that postlogd(8) keeps.
#pragma once

#include <string>
#include <string_view>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::postlogd {

// Opened once, with the privileges that it takes; each record becomes a line with one write, so
// that lines of several writers do not mix.
class LogFile {
 public:
  static util::Result<LogFile> open(const std::string& path);

  // Error System: the disk is full, for example.
  util::Status append(std::string_view record);

 private:
  explicit LogFile(util::UniqueFd file) : file_(std::move(file)) {}

  util::UniqueFd file_;
};

}  // namespace handoff::postlogd
