// record_filter.h - what a submitted message may consist of.
//
// Anybody may run postdrop, with its set-gid privilege and with any input. So only records pass
// that sendmail has reason to send, and of attributes only those that change nothing but this
// message.
#pragma once

#include <optional>
#include <string>

#include "global/record.h"

namespace handoff::postdrop {

class RecordFilter {
 public:
  enum class Verdict { Pass, Drop, Refuse, End };

  // Refuse: not a message at all. Drop: harmless, and complaint() tells what to log, if anything.
  Verdict judge(const global::Record& record);
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  // After End: has a sender and at least one recipient.
  [[nodiscard]] bool complete() const { return has_sender_ && has_recipient_; }

 private:
  enum class Segment { Envelope, Text, Extracted };

  Verdict judge_attribute(const global::Record& record);
  [[nodiscard]] bool allowed_here(global::RecordType type) const;

  Segment segment_ = Segment::Envelope;
  bool has_sender_ = false;
  bool has_recipient_ = false;
  std::string complaint_;
};

}  // namespace handoff::postdrop
