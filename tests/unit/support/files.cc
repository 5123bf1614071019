#include "support/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <fstream>
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

namespace {

fs::path make_directory() {
  std::string name = (fs::temp_directory_path() / "handoff-test.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory");
  return name;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() : path_(make_directory()) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // there is nobody left to tell
  fs::remove_all(path_, ignored);
}

void TemporaryDirectory::write(const std::string& name, std::string_view content) const {
  std::ofstream file(path(name), std::ios::binary);
  if (!(file << content << std::flush)) throw std::runtime_error("cannot write " + path(name));
}

std::string TemporaryDirectory::read(const std::string& name) const {
  std::ifstream file(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

WorkingDirectory::WorkingDirectory() : path_(make_directory()), before_(fs::current_path()) {
  fs::current_path(path_);
}

WorkingDirectory::~WorkingDirectory() {
  std::error_code ignored;  // there is nobody left to tell
  fs::current_path(before_, ignored);
  fs::remove_all(path_, ignored);
}

}  // namespace handoff::test
