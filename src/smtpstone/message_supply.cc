#include "smtpstone/message_supply.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

#include "smtpstone/payload.h"

namespace handoff::smtpstone {
namespace {

using util::Error;
using util::Result;

Result<std::string> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error::system("open " + path, errno);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return Error::system("read " + path, errno);
  return text;
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm broken_down{};
  ::localtime_r(&now, &broken_down);
  std::array<char, 64> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S %z (%Z)", &broken_down);
  return {text.data(), size};
}

}  // namespace

Result<MessageSupply> MessageSupply::make(const SourceOptions& options, const std::string& host) {
  MessageSupply supply;
  supply.host_ = host;
  supply.sender_ = options.sender.value_or("foo@" + host);
  supply.recipient_ = options.recipient.value_or("foo@" + host);
  supply.subject_ = options.subject;
  supply.own_headers_ = options.manners.say_hello && options.message_file.empty();
  supply.recipients_per_message_ = options.recipients_per_message;
  supply.number_all_ = options.number_all_recipients;
  supply.left_ = options.messages;
  if (!options.message_file.empty()) {
    const Result<std::string> text = contents(options.message_file);
    if (!text) return text.error();
    supply.body_ = wire_text(*text);
  } else {
    supply.body_ = options.text_size > 0 ? filler(static_cast<std::size_t>(options.text_size))
                                         : default_body();
  }
  return supply;
}

bool MessageSupply::reserve() {
  if (left_ == 0) return false;
  --left_;
  return true;
}

OutgoingMessage MessageSupply::next() {
  ++made_;
  OutgoingMessage message{sender_, recipients(), ""};
  message.text = (own_headers_ ? headers(message.recipients.front()) : "") + body_;
  return message;
}

std::vector<std::string> MessageSupply::recipients() {
  if (recipients_per_message_ == 1 && !number_all_) return {recipient_};
  if (!number_all_) numbered_ = 0;
  std::vector<std::string> all;
  for (int i = 0; i < recipients_per_message_; ++i)
    all.push_back(fmt::format("{}{}", ++numbered_, recipient_));
  return all;
}

std::string MessageSupply::headers(const std::string& first_recipient) const {
  std::string text =
      fmt::format("From: <{}>\r\nTo: <{}>\r\nDate: {}\r\n", sender_, first_recipient, date());
  text += fmt::format("Message-Id: <{:04x}.{:08x}@{}>\r\n", ::getpid(), made_, host_);
  if (!subject_.empty()) text += fmt::format("Subject: {}\r\n", subject_);
  return text + "\r\n";
}

}  // namespace handoff::smtpstone
