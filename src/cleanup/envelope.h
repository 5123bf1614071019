// envelope.h - the records before the text, and those behind it.
#pragma once

#include <string>

#include "cleanup/message.h"
#include "cleanup/recipients.h"
#include "global/record.h"

namespace handoff::cleanup {

class Envelope {
 public:
  explicit Envelope(Message& message) : message_(message), recipients_(message) {}

  // Before the text. True when this was its last record: the M record, which has been written.
  bool take(const global::Record& record);
  // Behind the text. True when this was the last record of all: the E record, which has been
  // written, and all automatic copies before it.
  bool take_extracted(const global::Record& record);

 private:
  void take_time(const global::Record& record);
  void take_sender(const global::Record& record);
  void take_verp(const global::Record& record);
  void take_attribute(const global::Record& record);
  void reject_attribute(const global::Record& record);
  bool use_attribute(const global::Record& record, const global::Attribute& attribute);
  void take_notify(const global::Record& record, const global::Attribute& attribute);
  void take_recipient(const global::Record& record);
  bool has_preliminaries();
  void write_warning_time();
  void begin_text();
  void begin_extracted_recipients();
  void end();
  void pass(const global::Record& record);
  void refuse(const global::Record& record, std::string_view place);

  Message& message_;
  Recipients recipients_;
  global::Recipient pending_;  // what is known of the next recipient
  int attributes_ = 0;
  bool in_recipients_ = false;  // of this segment
  bool warning_time_written_ = false;
  bool text_has_begun_ = false;
  bool encoding_written_ = false;
};

}  // namespace handoff::cleanup
