// files.h - files and directories for a test, gone when it ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "util/unique_fd.h"

namespace handoff::test {

// An unnamed file with this content, open for reading and writing.
util::UniqueFd file_with(std::string_view content);
std::string content_of(int fd);

// An empty directory, elsewhere than the working directory.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] std::string path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, std::string_view content) const;
  // Empty when there is no such file.
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

// An empty directory that is the working directory while this lives.
class WorkingDirectory {
 public:
  WorkingDirectory();
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::filesystem::path before_;
};

}  // namespace handoff::test
