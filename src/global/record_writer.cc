#include "global/record_writer.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace handoff::global {

RecordWriter::RecordWriter(int fd, std::string name, std::int64_t size_limit)
    : fd_(fd), name_(std::move(name)), size_limit_(size_limit) {}

void RecordWriter::put(RecordType type, std::string_view data) {
  if (error_) return;
  if (size_limit_ > 0 &&
      position() + static_cast<std::int64_t>(record_size(data.size())) > size_limit_) {
    error_ = Error::limit(name_ + ": file size limit exceeded");
    return;
  }
  append_record(buffer_, type, data);
  if (buffer_.size() >= kBuffer) write_out();
}

void RecordWriter::put_text(RecordType type, std::string_view text, std::size_t piece) {
  while (text.size() > piece) {
    put(RecordType::Piece, text.substr(0, piece));
    text.remove_prefix(piece);
  }
  put(type, text);
}

void RecordWriter::overwrite(off_t offset, std::string_view bytes) {
  if (error_) return;
  if (offset >= written_) {
    buffer_.replace(static_cast<std::size_t>(offset - written_), bytes.size(), bytes);
    return;
  }
  const auto length = static_cast<ssize_t>(bytes.size());
  while (pwrite(fd_, bytes.data(), bytes.size(), offset) != length) {
    if (errno == EINTR) continue;
    error_ = Error::system("write " + name_, errno);
    return;
  }
}

void RecordWriter::write_out() {
  std::string_view rest = buffer_;
  while (!error_ && !rest.empty()) {
    const ssize_t wrote = write(fd_, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      error_ = Error::system("write " + name_, errno);
      return;
    }
    written_ += wrote;
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  buffer_.clear();
}

Status RecordWriter::flush() {
  write_out();
  return error_ ? Status(*error_) : Status();
}

}  // namespace handoff::global
