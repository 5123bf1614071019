// primary_header.h - the header of the message itself: edited, counted and completed.
//
// Addresses are completed, headers that must not travel are dropped, and what local mail must have
// and lacks is added at the end. Mail from elsewhere is left as it is (rewrite_context "remote").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cleanup/message.h"

namespace handoff::cleanup {

class PrimaryHeader {
 public:
  explicit PrimaryHeader(Message& message);

  // A complete header with its continuation lines, blanks before the colon removed. What is to be
  // written in its place; empty: nothing.
  std::string take(std::string text);
  // Headers to be written behind the last one.
  std::vector<std::string> missing();

 private:
  void count_received();
  void log_message_id(std::string_view kind, std::string_view value);
  // Of mail from elsewhere, headers are left alone unless remote_header_rewrite_domain is set.
  [[nodiscard]] bool completes_addresses() const;
  std::string with_complete_addresses(std::string text);
  void add_missing(std::string_view prefix, std::vector<std::string>& headers);
  void add_undisclosed(std::vector<std::string>& headers) const;
  [[nodiscard]] bool is_dropped(std::string_view name) const;
  [[nodiscard]] std::string new_message_id() const;
  [[nodiscard]] std::string sender_header(std::string_view prefix) const;

  // Of the two sets of headers, that of the message and that of whoever sent it on.
  struct Seen {
    bool message_id = false;
    bool date = false;
    bool from = false;
    bool destination = false;
  };

  Message& message_;
  std::vector<std::string> dropped_;
  Seen original_;
  Seen resent_;
  bool is_resent_ = false;
  int received_ = 0;
};

}  // namespace handoff::cleanup
