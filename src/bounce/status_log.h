// status_log.h - the record of one recipient in the status log of a message (bounce/QID and
// defer/QID), as showq(8) and the notices that are made of it read it.
//
// spec/queue-and-delivery.md 3.1. A record ends in an empty line and is written as a whole or not
// at all.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "global/dsn.h"
#include "global/mail_queue.h"
#include "global/recipient.h"
#include "util/result.h"

namespace handoff::bounce {

struct LogFormat {
  bool old_style_line = true;  // backwards_bounce_logfile_compatibility
  bool utf8 = false;           // smtputf8_enable: well-formed UTF-8 is printable
};

std::string format_record(const global::Recipient& recipient, const global::Dsn& dsn,
                          LogFormat format);

struct LockPatience {
  int attempts = 20;
  std::chrono::milliseconds delay{1000};
};

// Returns when the record is on disk (fsync). Nothing of it remains in the file when it could not
// be written completely.
util::Status append_to_log(const global::MailQueue& queue, std::string_view log,
                           std::string_view queue_id, std::string_view record,
                           LockPatience patience);

}  // namespace handoff::bounce
