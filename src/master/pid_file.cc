#include "master/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace handoff::master {
namespace {

using util::Error;
using util::Result;
using util::UniqueFd;

constexpr mode_t kMode = 0644;  // less what the umask takes away

Error failed(const std::string& path, std::string_view why, int code = 0) {
  return Error{Error::Kind::System, fmt::format("open lock file {}: {}", path, why), code};
}

util::Status write_pid(int fd) {
  const std::string text = fmt::format("{:>32}\n", getpid());
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return Error::system("write", errno);
  }
  return {};
}

}  // namespace

Result<UniqueFd> take_pid_file(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd file(open(path.c_str(), kFlags));
  if (!file && errno != ENOENT) return failed(path, "cannot open file: " + util::errno_text(errno));
  if (!file) file.reset(open(path.c_str(), kFlags | O_CREAT, kMode));
  if (!file) return failed(path, "cannot create file exclusively: " + util::errno_text(errno));
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return failed(path, util::errno_text(errno));
  if (!S_ISREG(about.st_mode) || about.st_nlink != 1) return failed(path, "not a regular file");
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    return failed(path, "unable to set exclusive lock: " + util::errno_text(code), code);
  }
  if (auto written = write_pid(file.get()); !written) return failed(path, written.error().what);
  return file;
}

Result<bool> pid_file_is_locked(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return false;
  if (!file) return failed(path, "cannot open file: " + util::errno_text(errno));
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return failed(path, "unable to set exclusive lock: " + util::errno_text(errno));
}

}  // namespace handoff::master
