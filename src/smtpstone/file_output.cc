#include "smtpstone/file_output.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace handoff::smtpstone {

using util::Error;
using util::Status;

namespace {

constexpr std::size_t kBufferSize = 65536;

}  // namespace

FileOutput::FileOutput(std::string path, int flags)
    : path_(std::move(path)),
      fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644)) {
  if (!fd_) status_ = Error::system("open " + path_, errno);
}

void FileOutput::append(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferSize) write_out();
}

void FileOutput::write_out() {
  std::string_view rest = buffer_;
  while (status_ && !rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      status_ = Error::system("write " + path_, errno);
  }
  buffer_.clear();
}

Status FileOutput::close() {
  write_out();
  fd_.reset();
  return status_;
}

Status replace_file(const std::string& path, std::string_view contents) {
  FileOutput file(path + ".new", O_TRUNC);
  file.append(contents);
  if (Status written = file.close(); !written) return written;
  if (::rename(file.path().c_str(), path.c_str()) != 0)
    return Error::system("rename to " + path, errno);
  return {};
}

}  // namespace handoff::smtpstone
