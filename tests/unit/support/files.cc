#include "support/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace handoff::test {

namespace fs = std::filesystem;

util::UniqueFd file_with(std::string_view content) {
  util::UniqueFd fd(memfd_create("test", MFD_CLOEXEC));
  if (!fd ||
      write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    throw std::runtime_error("cannot write a temporary file");
  return fd;
}

std::string content_of(int fd) {
  std::string content;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(content.size()));
    if (got <= 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

WorkingDirectory::WorkingDirectory() : before_(fs::current_path()) {
  std::string name = (fs::temp_directory_path() / "handoff-test.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory");
  path_ = name;
  fs::current_path(path_);
}

WorkingDirectory::~WorkingDirectory() {
  std::error_code ignored;  // there is nobody left to tell
  fs::current_path(before_, ignored);
  fs::remove_all(path_, ignored);
}

}  // namespace handoff::test
