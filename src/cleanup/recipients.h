// recipients.h - writes recipients, each of them once.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "cleanup/message.h"
#include "global/recipient.h"

namespace handoff::cleanup {

class Recipients {
 public:
  explicit Recipients(Message& message) : message_(message) {}

  // As the client gave it: completes the address, and what may be missing. The offset is ignored.
  void add(global::Recipient recipient);
  // always_bcc: nobody is to hear of what becomes of this copy.
  void add_automatic(std::string_view address);

 private:
  void write(const global::Recipient& recipient);
  [[nodiscard]] bool is_new(const global::Recipient& recipient);

  Message& message_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace handoff::cleanup
