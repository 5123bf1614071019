// FILE.tmp is opened first and locked then, and in between another editor may have made it the file
// or removed it: only when the name still leads to what is locked, the lock counts. Postfix's
// postconf does the same, and takes over only what is a plain file of mode 0600 with one name.
#include "util/file_replacement.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "util/text_file.h"

namespace handoff::util {
namespace {

constexpr mode_t kTemporaryMode = 0600;

// Where a symbolic link leads to; the path itself when it is none.
Result<std::string> target_of(const std::string& path) {
  struct stat state {};
  if (lstat(path.c_str(), &state) != 0 || !S_ISLNK(state.st_mode)) return path;
  const std::unique_ptr<char, decltype(&std::free)> target(realpath(path.c_str(), nullptr),
                                                           &std::free);
  if (!target) return Error::system("open " + path + " for reading", errno);
  return std::string(target.get());
}

Status lock(int fd) {
  while (flock(fd, LOCK_EX) != 0) {
    if (errno != EINTR) return Error::system("lock", errno);
  }
  return {};
}

bool usable(const struct stat& state) {
  return S_ISREG(state.st_mode) && state.st_nlink == 1 &&
         (state.st_mode & ALLPERMS) == kTemporaryMode;
}

// Nothing: somebody else was faster, or left something that is no good; try again.
Result<std::optional<UniqueFd>> try_to_lock(const std::string& path) {
  UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kTemporaryMode));
  const bool is_link = !file && errno == ELOOP;
  const bool is_idle_pipe = !file && errno == ENXIO;
  if (is_link || is_idle_pipe) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error::system("unlink " + path, errno);
    return std::optional<UniqueFd>();
  }
  if (!file) return Error::system("open " + path, errno);
  if (Status locked = lock(file.get()); !locked) {
    return Error::system("lock " + path, locked.error().code);
  }
  struct stat ours {};
  struct stat named {};
  if (fstat(file.get(), &ours) != 0) return Error::system("stat " + path, errno);
  if (lstat(path.c_str(), &named) != 0 || ours.st_dev != named.st_dev ||
      ours.st_ino != named.st_ino) {
    return std::optional<UniqueFd>();
  }
  if (usable(ours)) return std::optional(std::move(file));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error::system("unlink " + path, errno);
  return std::optional<UniqueFd>();
}

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return Error::system("write", errno);
    }
  }
  return {};
}

// An ordinary user who may write to the folder, but is not the owner, becomes the owner.
Status set_owner_and_mode(int fd, const struct stat& wanted) {
  if (fchown(fd, wanted.st_uid, wanted.st_gid) != 0 && errno != EPERM) {
    return Error::system("chown", errno);
  }
  if (fchmod(fd, wanted.st_mode & ACCESSPERMS) != 0) return Error::system("chmod", errno);
  return {};
}

}  // namespace

Result<FileReplacement> FileReplacement::begin(const std::string& path) {
  Result<std::string> target = target_of(path);
  if (!target) return std::move(target).error();
  while (true) {
    Result<std::optional<UniqueFd>> locked = try_to_lock(*target + ".tmp");
    if (!locked) return std::move(locked).error();
    if (!*locked) continue;
    FileReplacement replacement(*std::move(target), **std::move(locked));
    if (Status read = replacement.read_old(); !read) return read.error();
    return replacement;
  }
}

FileReplacement::~FileReplacement() {
  abandon();
}

void FileReplacement::abandon() {
  if (!temporary_) return;
  (void)unlink(temporary_path().c_str());  // what is left of it does no harm
  temporary_.reset();
}

std::string FileReplacement::temporary_path() const {
  return path_ + ".tmp";
}

Status FileReplacement::read_old() {
  Result<std::string> text = read_text_file(path_);
  if (!text) return Error::system("open " + path_ + " for reading", text.error().code);
  if (stat(path_.c_str(), &old_state_) != 0) return Error::system("stat " + path_, errno);
  old_text_ = *std::move(text);
  return {};
}

Status FileReplacement::commit(std::string_view text) {
  const auto failed = [this](const char* what) {
    return Error::system(std::string(what) + " " + temporary_path(), errno);
  };
  const int fd = temporary_.get();
  if (ftruncate(fd, 0) != 0) return failed("truncate");
  if (!write_all(fd, text)) return failed("write");
  if (!set_owner_and_mode(fd, old_state_)) return failed("set owner and mode of");
  if (fsync(fd) != 0) return failed("fsync");
  if (std::rename(temporary_path().c_str(), path_.c_str()) != 0) return failed("rename");
  temporary_.reset();
  return {};
}

}  // namespace handoff::util
