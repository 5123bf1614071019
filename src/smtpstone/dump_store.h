// dump_store.h - messages for people to look at: headers about the session, then the text with LF
// line ends, then an empty line (-d, -D; the format is smtp-sink(1)'s).
#pragma once

#include <ctime>
#include <functional>
#include <random>
#include <string>

#include "smtpstone/message_store.h"

namespace handoff::smtpstone {

struct DumpFormat {
  std::string file_template;  // for strftime(3)
  bool one_file = false;      // append all to it; otherwise a random number follows, a file each
  std::string start;          // before each message
  std::string host;
};

// The lines before the text of a message.
std::string dump_headers(const Envelope& envelope, const DumpFormat& format, std::string_view id,
                         std::time_t now);

class DumpStore final : public MessageStore {
 public:
  explicit DumpStore(DumpFormat format);
  util::Result<std::unique_ptr<MessageWriter>> begin(const Envelope& envelope) override;

 private:
  DumpFormat format_;
  std::mt19937 random_;
};

}  // namespace handoff::smtpstone
