#include "global/mail_queue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "global/params.h"
#include "global/queue_id.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::global {

using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;

namespace {

constexpr mode_t kReadyMode = 0700;
constexpr mode_t kUnfinishedMode = 0600;
constexpr mode_t kCorruptMode = 0400;
constexpr mode_t kDirectoryMode = 0700;
constexpr char kDoneType = 'D';

// All directories above the file.
Status make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    if (mkdir(directory.c_str(), kDirectoryMode) < 0 && errno != EEXIST)
      return Error::system("mkdir " + directory, errno);
  }
  return {};
}

Status rename_making_directories(const std::string& from, const std::string& to) {
  for (int attempt = 0;; ++attempt) {
    if (std::rename(from.c_str(), to.c_str()) == 0) return {};
    const int code = errno;
    // ENOENT is also what we get when `from` is gone; then the second attempt tells.
    if (code != ENOENT || attempt > 0)
      return Error::system(fmt::format("rename {} to {}", from, to), code);
    if (Status made = make_directories(to); !made) return made;
  }
}

// Under a name that contains a dot, which no scan takes for a message.
Result<UniqueFd> create_temporary(std::string_view queue, std::string& path) {
  for (bool made_directory = false;;) {
    const TimeStamp now = TimeStamp::now();
    path = fmt::format("{}/{}.{}", queue, now.microseconds, getpid());
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kUnfinishedMode));
    if (fd) return fd;
    const int code = errno;
    if (code == EEXIST) continue;
    if (code != ENOENT || std::exchange(made_directory, true))
      return Error::system("create file " + path, code);
    if (Status made = make_directories(path); !made) return std::move(made).error();
  }
}

}  // namespace

MailQueue::Settings MailQueue::Settings::from(const Params& params) {
  Settings settings;
  settings.hashed.clear();
  for (const std::string_view name : util::split(params.hash_queue_names, ", \t\r\n"))
    settings.hashed.emplace_back(name);
  settings.hash_depth = params.hash_queue_depth;
  settings.long_ids = params.enable_long_queue_ids;
  return settings;
}

bool is_ready(const struct stat& attributes) {
  return S_ISREG(attributes.st_mode) && (attributes.st_mode & kReadyMode) == kReadyMode;
}

NewQueueFile::~NewQueueFile() {
  discard();
}

Status NewQueueFile::commit(mode_t extra_mode) {
  if (fchmod(fd_.get(), kReadyMode | extra_mode) < 0)
    return Error::system("fchmod " + path_, errno);
  if (fsync(fd_.get()) < 0) return Error::system("fsync " + path_, errno);
  // Of a network file system, close() may be the first to tell that the disk is full.
  const int closed = ::close(fd_.get());
  const int code = errno;
  (void)fd_.release();
  if (closed == 0) return {};
  (void)unlink(path_.c_str());
  return Error::system("close " + path_, code);
}

void NewQueueFile::discard() {
  if (!fd_) return;
  if (unlink(path_.c_str()) < 0 && errno != ENOENT)
    msg::warn("remove {}: {}", path_, util::errno_text(errno));
  fd_.reset();
}

bool MailQueue::is_hashed(std::string_view queue) const {
  return std::ranges::any_of(settings_.hashed, [&](const std::string& name) {
    return util::equal_ignoring_case(name, queue);
  });
}

std::string MailQueue::path(std::string_view queue, std::string_view id) const {
  return fmt::format("{}/{}{}", queue,
                     is_hashed(queue) ? queue_id_hash(id, settings_.hash_depth) : "", id);
}

Result<NewQueueFile> MailQueue::create(std::string_view queue) const {
  std::string temporary;
  auto fd = create_temporary(queue, temporary);
  if (!fd) return std::move(fd).error();
  NewQueueFile file;
  file.fd_ = *std::move(fd);
  file.queue_ = queue;
  file.path_ = temporary;  // this is what a failure from here on removes

  struct stat attributes {};
  if (fstat(file.fd(), &attributes) < 0) return Error::system("fstat " + temporary, errno);
  file.created_ = TimeStamp::now();
  file.id_ = settings_.long_ids ? long_queue_id(file.created_, attributes.st_ino)
                                : short_queue_id(file.created_, attributes.st_ino);
  const std::string final_path = path(queue, file.id_);
  if (Status renamed = rename_making_directories(temporary, final_path); !renamed)
    return std::move(renamed).error();
  file.path_ = final_path;
  return file;
}

Status MailQueue::move(NewQueueFile& file, std::string_view to) const {
  std::string target = path(to, file.id_);
  if (Status renamed = rename_making_directories(file.path_, target); !renamed) return renamed;
  file.queue_ = to;
  file.path_ = std::move(target);
  return {};
}

Result<UniqueFd> MailQueue::open(std::string_view queue, std::string_view id, int flags) const {
  const std::string name = path(queue, id);
  UniqueFd fd(::open(name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return Error::system("open " + name, errno);
  return fd;
}

Result<UniqueFd> MailQueue::open_log(std::string_view queue, std::string_view id) const {
  const std::string name = path(queue, id);
  for (bool made_directory = false;;) {
    UniqueFd fd(::open(name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                       kUnfinishedMode));
    if (fd) return fd;
    const int code = errno;
    if (code != ENOENT || std::exchange(made_directory, true))
      return Error::system("open " + name, code);
    if (Status made = make_directories(name); !made) return std::move(made).error();
  }
}

Result<struct stat> MailQueue::attributes(std::string_view queue, std::string_view id) const {
  const std::string name = path(queue, id);
  struct stat result {};
  if (lstat(name.c_str(), &result) < 0) return Error::system("lstat " + name, errno);
  return result;
}

Status MailQueue::rename(std::string_view id, std::string_view from, std::string_view to) const {
  return rename_making_directories(path(from, id), path(to, id));
}

Status MailQueue::remove(std::string_view queue, std::string_view id) const {
  const std::string name = path(queue, id);
  if (unlink(name.c_str()) < 0) return Error::system("remove " + name, errno);
  return {};
}

Status MailQueue::set_not_before(std::string_view queue, std::string_view id,
                                 std::int64_t seconds) const {
  const std::string name = path(queue, id);
  const timespec time{seconds, 0};
  const std::array<timespec, 2> access_and_change{time, time};
  if (utimensat(AT_FDCWD, name.c_str(), access_and_change.data(), AT_SYMLINK_NOFOLLOW) < 0)
    return Error::system("update " + name + " time stamps", errno);
  return {};
}

namespace {

Result<bool> lock_without_waiting(int fd, int operation) {
  while (flock(fd, operation | LOCK_NB) < 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return Error::system("flock", errno);
  }
  return true;
}

}  // namespace

Result<bool> try_lock(int fd) {
  return lock_without_waiting(fd, LOCK_EX);
}

Result<bool> try_lock_shared(int fd) {
  return lock_without_waiting(fd, LOCK_SH);
}

Status mark_done(int fd, std::int64_t offset) {
  if (offset <= 0) return Error::syntax(fmt::format("no recipient record at offset {}", offset));
  while (pwrite(fd, &kDoneType, 1, offset) != 1) {
    if (errno != EINTR) return Error::system("update queue file", errno);
  }
  return {};
}

Status mark_corrupt(int fd) {
  if (fchmod(fd, kCorruptMode) < 0) return Error::system("fchmod", errno);
  return {};
}

QueueScan::QueueScan(std::string_view queue, Depth depth) : pending_(queue), depth_(depth) {}

Status QueueScan::enter(std::string path) {
  std::unique_ptr<DIR, Closer> directory(opendir(path.c_str()));
  if (!directory) {
    if (errno == ENOENT) return {};
    return Error::system("open directory " + path, errno);
  }
  levels_.push_back({std::move(path), std::move(directory)});
  return {};
}

Result<std::optional<std::string>> QueueScan::next() {
  if (!pending_.empty()) {
    if (Status entered = enter(std::exchange(pending_, {})); !entered)
      return std::move(entered).error();
  }
  while (!levels_.empty()) {
    const Level& level = levels_.back();
    errno = 0;
    const dirent* entry = readdir(level.directory.get());
    if (entry == nullptr) {
      const int code = errno;
      const std::string path = level.path;
      levels_.pop_back();
      if (code != 0) return Error::system("read directory " + path, code);
      continue;
    }
    const std::string_view name = entry->d_name;
    if (!is_queue_id(name)) continue;  // "." and "..", too
    if (name.size() > 1) return std::optional<std::string>(name);
    if (depth_ == Depth::Flat) continue;
    if (Status entered = enter(fmt::format("{}/{}", level.path, name)); !entered)
      return std::move(entered).error();
  }
  return std::optional<std::string>();
}

}  // namespace handoff::global
