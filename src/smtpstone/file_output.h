// file_output.h - a new file, written with few system calls; the first error is kept.
#pragma once

#include <string>
#include <string_view>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::smtpstone {

class FileOutput {
 public:
  // `flags` as for open(2), besides O_WRONLY|O_CREAT|O_CLOEXEC.
  FileOutput(std::string path, int flags);

  void append(std::string_view bytes);
  // Writes out what is left and closes.
  util::Status close();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const util::Status& status() const { return status_; }

 private:
  void write_out();

  std::string path_;
  util::UniqueFd fd_;
  std::string buffer_;
  util::Status status_;
};

// The whole file at once: whoever reads `path` sees the old contents or the new.
util::Status replace_file(const std::string& path, std::string_view contents);

}  // namespace handoff::smtpstone
