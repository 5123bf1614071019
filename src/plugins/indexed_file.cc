#include "plugins/indexed_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

namespace handoff::plugins {
namespace {

// A source that is younger may still be being edited.
constexpr std::time_t kYoung = 100;

template <typename Call>
int without_interruption(Call call) {
  int result = 0;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool lock_for_writing(const File& file) {
  return without_interruption([&] { return ::flock(file.get(), LOCK_EX); }) == 0;
}

// Behind a symbolic link, so that the link stays.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? real.get() : path;
}

}  // namespace

std::string errno_text(int code) {
  return std::strerror(code);
}

std::string cannot_open(const std::string& path, const std::string& why) {
  return "open database " + path + ": " + why;
}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

File File::open(const std::string& path, int flags, unsigned mode) {
  return File(without_interruption([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

struct stat File::status() const {
  struct stat status {};
  (void)::fstat(descriptor_, &status);  // fails for bad descriptors only
  return status;
}

bool File::is(const std::string& path) const {
  struct stat named {};
  return ::stat(path.c_str(), &named) == 0 && same_file(named, status());
}

FileLock::FileLock(int descriptor, int operation) {
  if (operation == 0) return;
  if (without_interruption([&] { return ::flock(descriptor, operation); }) == 0)
    descriptor_ = descriptor;
  else
    error_ = errno;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::flock(descriptor_, LOCK_UN);
}

File open_locked(const std::string& path, int flags) {
  while (true) {
    File file = File::open(path, flags);
    if (!file) return file;
    if (!lock_for_writing(file)) return {};
    if (file.is(path)) return file;
  }
}

std::span<const Nul> NulEnding::candidates() const {
  static constexpr std::array<Nul, 2> kBoth{Nul::With, Nul::Without};
  if (known_ == Nul::Unknown) return kBoth;
  return std::span(kBoth).subspan(known_ == Nul::With ? 0 : 1, 1);
}

std::string NulEnding::append(std::string_view text, Nul ending) {
  std::string appended(text);
  if (ending == Nul::With) appended.push_back('\0');
  return appended;
}

std::string NulEnding::strip(std::string_view text) {
  if (text.ends_with('\0')) text.remove_suffix(1);
  return std::string(text);
}

void warn_if_stale(const Host& host, const File& file, const std::string& path,
                   const std::string& source) {
  struct stat text {};
  if (::stat(source.c_str(), &text) != 0) return;
  if (text.st_mtime > file.status().st_mtime && text.st_mtime < std::time(nullptr) - kYoung)
    warn(host, "database " + path + " is older than source file " + source);
}

Replacement::Replacement(const std::string& path, Old old)
    : target_(real_path(path)), path_(target_ + ".tmp") {
  if (old == Old::Succeeded) {
    old_ = open_locked(target_, O_RDWR);
    if (!old_ && errno != ENOENT) {
      error_ = errno;
      return;
    }
  }
  open_scratch();
  if (!old_ || (file_ && take_over_owner())) return;
  if (file_) ::unlink(path_.c_str());
  error_ = 0;
  path_ = target_;
  file_ = std::move(old_);
}

// What somebody left there who was interrupted has an owner and a mode of its own, and goes.
void Replacement::open_scratch() {
  while (true) {
    file_ = File::open(path_, O_RDWR | O_CREAT | O_EXCL);
    if (file_ && lock_for_writing(file_) && file_.is(path_)) return;
    if (!file_ && errno != EEXIST) break;
    const File left = open_locked(path_, O_RDWR);
    if (left) ::unlink(path_.c_str());
    if (!left && errno != ENOENT) break;
  }
  error_ = errno;
  file_ = File();
}

Replacement::~Replacement() {
  if (file_ && path_ != target_) ::unlink(path_.c_str());
}

bool Replacement::commit() {
  if (::fsync(file_.get()) < 0) return false;
  if (path_ != target_ && ::rename(path_.c_str(), target_.c_str()) < 0) return false;
  file_ = File();
  old_ = File();
  return true;
}

bool Replacement::take_over_owner() const {
  const struct stat old = old_.status();
  const struct stat now = file_.status();
  if ((now.st_uid != old.st_uid || now.st_gid != old.st_gid) &&
      ::fchown(file_.get(), old.st_uid, old.st_gid) < 0)
    return false;
  return ::fchmod(file_.get(), old.st_mode & 07777U) == 0;
}

}  // namespace handoff::plugins
