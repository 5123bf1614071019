// message_supply.h - the messages that the generator has to send, one after the other.
#pragma once

#include <string>

#include "smtpstone/client_dialogue.h"
#include "smtpstone/source_options.h"
#include "util/result.h"

namespace handoff::smtpstone {

class MessageSupply {
 public:
  // Reads the file that the options name, if they do. `host` is this machine's name.
  static util::Result<MessageSupply> make(const SourceOptions& options, const std::string& host);

  // How many have not been taken.
  [[nodiscard]] int left() const { return left_; }
  // Keeps one for the caller, who will ask for it with next(); false when none is left.
  bool reserve();
  OutgoingMessage next();

 private:
  MessageSupply() = default;
  [[nodiscard]] std::vector<std::string> recipients();
  [[nodiscard]] std::string headers(const std::string& first_recipient) const;

  std::string host_;
  std::string sender_;
  std::string recipient_;
  std::string subject_;
  std::string body_;  // for the wire; with the headers when own_headers_ is false
  bool own_headers_ = true;
  int recipients_per_message_ = 1;
  bool number_all_ = false;
  int left_ = 0;
  int made_ = 0;
  long numbered_ = 0;
};

}  // namespace handoff::smtpstone
