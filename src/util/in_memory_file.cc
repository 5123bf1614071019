#include "util/in_memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace handoff::util {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

}  // namespace

Result<UniqueFd> in_memory_file(const char* name, std::string_view bytes) {
  UniqueFd file(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return Error::system("memfd_create", errno);
  while (!bytes.empty()) {
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return Error::system("write to an in-memory file", errno);
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return file;
}

Status seal(int in_memory_file) {
  if (fcntl(in_memory_file, F_ADD_SEALS, kSeals) != 0) return Error::system("F_ADD_SEALS", errno);
  return {};
}

bool sealed(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & kSeals) == kSeals;
}

Result<std::string> read_whole_file(int fd, std::size_t limit) {
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size < 0) return Error::system("lseek", errno);
  if (static_cast<std::size_t>(size) > limit) return Error::limit("file too large");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno != EINTR) return Error::system("pread", errno);
    if (got == 0) break;
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace handoff::util
