#include "util/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace handoff::util {
namespace {

bool trusted_link(const std::string& path) {
  struct stat link {};
  struct stat parent {};
  const std::string directory = path.substr(0, path.rfind('/') + 1);  // npos + 1 is 0
  if (lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode) || directory.empty()) return false;
  if (stat(directory.c_str(), &parent) != 0) return false;
  return link.st_uid == 0 && parent.st_uid == 0 && (parent.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

UniqueFd open_carefully(const std::string& path, int mode) {
  const int flags = mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  UniqueFd file(open(path.c_str(), flags | O_NOFOLLOW, 0644));
  if (!file && errno == ELOOP && trusted_link(path)) file.reset(open(path.c_str(), flags, 0644));
  return file;
}

}  // namespace

Result<UniqueFd> open_for_append(const std::string& path, Reader reader) {
  constexpr int kMode = O_WRONLY | O_APPEND | O_CREAT;
  UniqueFd file = open_carefully(path, kMode);
  if (!file && errno == ENXIO && reader == Reader::Later) {
    const UniqueFd for_a_moment = open_carefully(path, O_RDWR);  // Linux: a reader, too
    file = open_carefully(path, kMode);
  }
  if (!file) return Error::system("open " + path, errno);
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return Error::system("fstat " + path, errno);
  if (S_ISREG(about.st_mode) && about.st_nlink != 1) {
    return Error{Error::Kind::System, "open " + path + ": file has other hard links"};
  }
  return file;
}

}  // namespace handoff::util
