// header_recipients.h - the recipients that stand in the header of a message ("sendmail -t").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "global/record.h"

namespace handoff::sendmail {

// Is told the text of a message, and remembers the addresses in To:, Cc: and Bcc:; in a message
// that somebody sends on (Resent-To: and the like), only theirs.
class HeaderRecipients {
 public:
  void take(global::RecordType type, std::string_view text);
  // The text has ended. Internal form.
  const std::vector<std::string>& finish();

 private:
  void end_header();

  bool in_header_ = true;
  bool in_line_ = false;
  std::string header_;
  std::vector<std::string> recipients_;
  std::vector<std::string> resent_recipients_;
};

}  // namespace handoff::sendmail
