// message_store.h - where the test server puts the messages that it has accepted.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::smtpstone {

// The arguments are as the client wrote them, without "FROM:" and "TO:".
struct Envelope {
  std::string client;    // address, without brackets
  std::string protocol;  // SMTP, ESMTP, LMTP
  std::string helo;
  std::string mail;
  std::vector<std::string> recipients;

  bool operator==(const Envelope&) const = default;
};

// One message on its way in. Destroyed before commit(), it leaves no trace.
class MessageWriter {
 public:
  MessageWriter() = default;
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;
  virtual ~MessageWriter() = default;

  // Without dot stuffing, line ends as received. A failure is reported by commit().
  virtual void append(std::string_view text) = 0;
  virtual util::Status commit() = 0;
};

class MessageStore {
 public:
  MessageStore() = default;
  MessageStore(const MessageStore&) = delete;
  MessageStore& operator=(const MessageStore&) = delete;
  virtual ~MessageStore() = default;

  virtual util::Result<std::unique_ptr<MessageWriter>> begin(const Envelope& envelope) = 0;
};

}  // namespace handoff::smtpstone
