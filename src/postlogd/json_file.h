// json_file.h - the log file for programs, beside the one for people.
//
// Never waits: what does not fit into a pipe that nobody reads, or onto a full disk, is lost, and
// a line says how many records were, once there is room again. No line is ever cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "postlogd/json_record.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::postlogd {

class JsonFile {
 public:
  static util::Result<JsonFile> open(const std::string& path);

  void append(std::string_view record, Milliseconds now, std::string_view session = {});
  // Not yet said in the file.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  explicit JsonFile(util::UniqueFd file) : file_(std::move(file)) {}
  // False, when nothing of it has been written.
  bool write(std::string line);
  bool finish_line();

  util::UniqueFd file_;
  std::string rest_;  // of a line that has been begun
  std::uint64_t lost_ = 0;
};

}  // namespace handoff::postlogd
