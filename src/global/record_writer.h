// record_writer.h - write records to a file, few system calls at a time.
//
// Errors are kept until flush() tells them; records that come after one are dropped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "global/record.h"
#include "util/result.h"

namespace handoff::global {

class RecordWriter {
 public:
  // The file must stay open meanwhile, and is at its beginning. A size limit of 0 is none.
  RecordWriter(int fd, std::string name, std::int64_t size_limit = 0);

  void put(RecordType type, std::string_view data = {});
  // Text without a line end, in pieces of at most `piece` bytes; the last is of type `type`.
  void put_text(RecordType type, std::string_view text, std::size_t piece);
  // Over bytes that have been put. Does not work across what has been written to the file and what
  // has not.
  void overwrite(off_t offset, std::string_view bytes);

  // Where the next record goes.
  [[nodiscard]] off_t position() const { return written_ + static_cast<off_t>(buffer_.size()); }
  // Error Limit when the file would have become too large.
  util::Status flush();
  [[nodiscard]] bool failed() const { return error_.has_value(); }

 private:
  static constexpr std::size_t kBuffer = 65536;

  void write_out();

  int fd_;
  std::string name_;
  std::int64_t size_limit_;
  std::string buffer_;
  off_t written_ = 0;
  std::optional<util::Error> error_;
};

}  // namespace handoff::global
