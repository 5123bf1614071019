// record.h - typed records: what queue files, and the pipes of mail submission, are made of.
//
// One record is a type byte, the length of the data as a little-endian base-128 number, and the
// data; no alignment, no checksum. Milters edit files in place by means of pointer records, so a
// file cannot be read front to back: RecordFile follows the pointers, and its caller does not see
// them. Offsets count from the beginning of the file.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::global {

using util::Error;
using util::Result;
using util::Status;

// Any byte is possible in a file that somebody else has written.
enum class RecordType : unsigned char {
  // clang-format off
  Size = 'C',       Time = 'T',       Attribute = 'A',  FullName = 'F',
  Sender = 'S',     Filter = 'L',     Inspect = 'I',    Redirect = '>',
  Verp = 'V',       WarnTime = 'W',
  OriginalRecipient = 'O',            Recipient = 'R',
  Done = 'D',       Cancelled = '/',  Killed = 'K',
  Message = 'M',                      // end of the envelope
  Line = 'N',       Piece = 'L',      // text; Piece is the same letter as Filter
  Deleted = 'w',    Extracted = 'X',  // end of the content
  End = 'E',        Pointer = 'p',
  // Only between sendmail, pickup and cleanup; or of the past.
  Flags = 'f',      Delay = 'd',      Milter = 'm',
  ReturnReceipt = 'r',  ErrorsTo = 'e',  Priority = 'P',
  // Short forms of attributes: never written, but understood.
  CreateTime = 'c', EnvelopeId = 'i', ReturnFlags = '<',
  DsnOriginalRecipient = 'o',         NotifyFlags = 'n',
  // clang-format on
};

// Longer records are not written: stock readers after 3.7 refuse them.
constexpr std::size_t kRecordDataLimit = (std::size_t{1} << 28) - 1;

struct Record {
  RecordType type{};
  std::string_view data;  // valid until the next call to whoever gave it
  off_t offset = 0;       // of the type byte

  bool operator==(const Record&) const = default;
};

// --- Writing: appends to `out` and does no I/O.

void append_record(std::string& out, RecordType type, std::string_view data);
inline void append_record(std::string& out, RecordType type) {
  append_record(out, type, {});
}
// "name=value"
void append_attribute(std::string& out, std::string_view name, std::string_view value);
// A number that can be overwritten in place: "%15ld".
std::string fixed_width_number(std::int64_t number);
// The bytes that append_record() would append for so much data.
std::size_t record_size(std::size_t data_length);

// --- Reading what comes in pieces, from a pipe or a socket. Pointers are given out like any
// other record: what can be written to us this way cannot be sought in.

class RecordDecoder {
 public:
  // Data longer than `data_limit` is an error.
  explicit RecordDecoder(std::size_t data_limit = kRecordDataLimit) : data_limit_(data_limit) {}

  void feed(std::string_view bytes);
  // Nothing: more bytes are needed. After an error there is no way to go on.
  Result<std::optional<Record>> next();
  // Whether a record has begun that has not ended yet.
  [[nodiscard]] bool in_record() const { return start_ < bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t start_ = 0;  // everything before has been given out
  off_t consumed_ = 0;
  std::size_t data_limit_;
};

// --- Reading a file.

class RecordFile {
 public:
  // The file must stay open meanwhile; its file position is not used (pread). `name` is for
  // error texts. Reads `chunk` bytes at a time: a small message is one system call.
  RecordFile(int fd, std::string name, std::size_t chunk = kChunk);

  // The next record in reading order, pointers followed. The error is Closed at the end of the
  // file; Syntax, with stock's text, for a malformed file or one whose pointers form a loop.
  Result<Record> next();
  // Without following pointers.
  Result<Record> next_raw();

  // The next record is read from here.
  void seek(off_t offset);
  [[nodiscard]] off_t position() const { return position_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  static constexpr std::size_t kChunk = 16384;

  // At least `count` bytes from position_ on, fewer at the end of the file.
  Result<std::string_view> peek(std::size_t count);
  Status load(std::size_t count);
  Status follow(const Record& pointer);

  int fd_;
  std::string name_;
  std::size_t chunk_;
  std::string buffer_;
  off_t buffer_offset_ = 0;  // of buffer_'s first byte
  off_t position_ = 0;
  int backward_jumps_ = 0;
};

}  // namespace handoff::global
