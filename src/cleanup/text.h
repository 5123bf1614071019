// text.h - the text of a message, record by record: where its headers end, and what becomes of it.
//
// The primary header goes through PrimaryHeader. Headers of parts, and of messages within the
// message, are only tidied. Lines of text pass as they are, but for carriage returns, which would
// end a line where no line was meant to end: they become blanks.
#pragma once

#include <string>
#include <string_view>

#include "cleanup/message.h"
#include "cleanup/primary_header.h"
#include "global/mime_structure.h"
#include "global/record.h"

namespace handoff::cleanup {

class Text {
 public:
  explicit Text(Message& message);

  // True when this was the last record, X, which has been written.
  bool take(const global::Record& record);

 private:
  enum class Place { PrimaryHeader, PartHeader, Body };

  void take_text(global::RecordType type, std::string text);
  void take_header_line(global::RecordType type, std::string text);
  void take_body_line(global::RecordType type, std::string_view text);
  void end_header();
  [[nodiscard]] std::size_t header_limit() const;
  void write_lines(std::string_view text);
  void end_headers_at(global::RecordType type, std::string_view text);
  void end();

  Message& message_;
  PrimaryHeader primary_;
  global::MimeStructure structure_;
  Place place_ = Place::PrimaryHeader;
  std::string header_;           // as far as it has come
  bool header_is_full_ = false;  // header_size_limit: continuation lines are dropped
  bool in_line_ = false;         // the line goes on with the next record
};

}  // namespace handoff::cleanup
