// file_replacement.h - a new version of a file in the place of the old one, at once and alone.
//
// Whoever reads sees the old file or the new one. Editors wait for one another, Postfix's
// postconf(1) among them: FILE.tmp is the lock, and becomes the file. Owner, group and mode stay as
// they were, as far as the caller may set them; a symbolic link stays, and what it points to is
// replaced and locked: Postfix's postconf(1) makes a file of a link and does not wait for us then.
// Nothing is left behind when the caller gives up.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

class FileReplacement {
 public:
  // Waits until no other editor has the file. It must exist.
  static Result<FileReplacement> begin(const std::string& path);

  FileReplacement(FileReplacement&& other) noexcept = default;
  FileReplacement& operator=(FileReplacement&& other) = delete;
  ~FileReplacement();

  [[nodiscard]] const std::string& old_text() const { return old_text_; }
  // The last call for this object: either of them.
  Status commit(std::string_view text);
  void abandon();

 private:
  FileReplacement(std::string path, UniqueFd temporary)
      : path_(std::move(path)), temporary_(std::move(temporary)) {}
  [[nodiscard]] std::string temporary_path() const;
  Status read_old();

  std::string path_;
  UniqueFd temporary_;  // locked; closed: nothing to clean up
  struct stat old_state_ {};
  std::string old_text_;
};

}  // namespace handoff::util
