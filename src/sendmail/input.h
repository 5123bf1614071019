// input.h - the message on standard input, made into records.
//
// Line ends may be LF or CRLF. Lines that begin with "From " before the first header come from
// mailbox files and are left out.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "global/record.h"

namespace handoff::sendmail {

class LineSplitter {
 public:
  using Take = std::function<void(global::RecordType, std::string_view)>;

  // Longer lines are given in pieces of `limit` bytes.
  LineSplitter(std::size_t limit, Take take) : limit_(limit), take_(std::move(take)) {}

  void feed(std::string_view bytes);
  // What has come without a line end.
  void finish();

 private:
  void add(std::string_view text);

  std::size_t limit_;
  Take take_;
  std::string line_;
};

// Reads `fd` to its end (or, unless `ignore_dots`, to a line with only a dot); false on an error.
bool read_text(int fd, bool ignore_dots, std::size_t limit, const LineSplitter::Take& take);

}  // namespace handoff::sendmail
