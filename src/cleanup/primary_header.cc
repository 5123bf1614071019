#include "cleanup/primary_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "global/address_quote.h"
#include "global/header_address.h"
#include "global/mail_date.h"
#include "global/mail_header.h"
#include "global/mail_proto.h"
#include "global/queue_id.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::cleanup {

using global::HeaderAddresses;
using global::HeaderField;
using global::HeaderRole;
using util::equal_ignoring_case;

namespace {

constexpr std::string_view kResent = "Resent-";
constexpr std::string_view kMessageIdLog = "message-id";
constexpr std::string_view kResentMessageIdLog = "resent-message-id";

std::string compact_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 16> text{};
  (void)std::strftime(text.data(), text.size(), "%Y%m%d%H%M%S", &utc);
  return text.data();
}

}  // namespace

PrimaryHeader::PrimaryHeader(Message& message) : message_(message) {
  for (const std::string_view name : util::split(message.params().message_drop_headers, ", \t\r\n"))
    dropped_.emplace_back(name);
}

std::string PrimaryHeader::take(std::string text) {
  const HeaderField field = HeaderField::split(text);
  const bool resent = global::is_resent_header(field.name);
  const std::string_view plain_name =
      resent ? field.name.substr(kResent.size()) : std::string_view(field.name);
  const auto is = [&](std::string_view name) { return equal_ignoring_case(plain_name, name); };

  if (!resent && is("Received")) count_received();
  is_resent_ |= resent;
  Seen& seen = resent ? resent_ : original_;
  if (is("Message-Id")) {
    seen.message_id = true;
    log_message_id(resent ? kResentMessageIdLog : kMessageIdLog, field.value);
  }
  seen.date |= is("Date");
  seen.from |= is("From");
  seen.destination |= is("To") || is("Cc");
  if (is_dropped(field.name)) return {};
  if (completes_addresses() && global::header_role(field.name) != HeaderRole::Other)
    return with_complete_addresses(std::move(text));
  return text;
}

bool PrimaryHeader::is_dropped(std::string_view name) const {
  return std::ranges::any_of(
      dropped_, [&](const std::string& dropped) { return equal_ignoring_case(dropped, name); });
}

void PrimaryHeader::count_received() {
  if (++received_ < message_.params().hopcount_limit) return;
  msg::warn("{}: message rejected: hopcount exceeded", message_.queue_id());
  message_.fail(global::cleanup_status::kTooManyHops);
}

void PrimaryHeader::log_message_id(std::string_view kind, std::string_view value) {
  const std::size_t begin = value.find_first_not_of(" \t\r\n");
  value = begin == std::string_view::npos ? std::string_view() : value.substr(begin);
  msg::info("{}: {}={}", message_.queue_id(), kind, value);
}

bool PrimaryHeader::completes_addresses() const {
  return message_.is_local || !message_.params().remote_header_rewrite_domain.empty();
}

// Byte for byte as it was when all addresses are complete.
std::string PrimaryHeader::with_complete_addresses(std::string text) {
  const HeaderField field = HeaderField::split(text);
  HeaderAddresses addresses = HeaderAddresses::parse(field.value);
  const bool changed = addresses.rewrite([&](std::string_view address) {
    if (!message_.sound()) return std::string(address);
    const auto context =
        message_.is_local ? global::rewrite_context::kLocal : global::rewrite_context::kRemote;
    auto complete = message_.rewriter().external(context, address);
    if (complete) return *std::move(complete);
    message_.rewriting_failed(complete.error());
    return std::string(address);
  });
  return changed ? addresses.to_header(field.name) : text;
}

std::string PrimaryHeader::new_message_id() const {
  const std::string& id = message_.queue_id();
  const std::string& host = message_.params().myhostname;
  if (global::is_long_queue_id(id)) return fmt::format("<{}@{}>", id, host);
  return fmt::format("<{}.{}@{}>", compact_time(message_.created().seconds), id, host);
}

std::string PrimaryHeader::sender_header(std::string_view prefix) const {
  constexpr std::string_view kObsolete = "obsolete";
  const std::string address = global::quote_address(
      message_.sender.empty() ? message_.params().empty_address_recipient : message_.sender);
  if (message_.sender.empty() || message_.full_name.empty())
    return fmt::format("{}From: {}", prefix, address);
  if (util::equal_ignoring_case(message_.params().header_from_format, kObsolete)) {
    std::string name = message_.full_name;
    std::ranges::replace(name, '\n', ' ');
    return fmt::format("{}From: {} ({})", prefix, address, name);
  }
  const std::string phrase = global::quote_phrase(message_.full_name);
  return fmt::format("{}From: {}{}<{}>", prefix, phrase, phrase.empty() ? "" : " ", address);
}

void PrimaryHeader::add_missing(std::string_view prefix, std::vector<std::string>& headers) {
  const Seen& seen = is_resent_ ? resent_ : original_;
  if (!seen.message_id) {
    const std::string id = new_message_id();
    headers.push_back(fmt::format("{}Message-Id: {}", prefix, id));
    log_message_id(is_resent_ ? kResentMessageIdLog : kMessageIdLog, id);
    if (!is_resent_) original_.message_id = true;
  }
  if (!seen.date)
    headers.push_back(
        fmt::format("{}Date: {}", prefix, global::mail_date(message_.arrival.seconds)));
  if (!seen.from) headers.push_back(sender_header(prefix));
  if (!seen.destination && !original_.destination) add_undisclosed(headers);
}

void PrimaryHeader::add_undisclosed(std::vector<std::string>& headers) const {
  const std::string& header = message_.params().undisclosed_recipients_header;
  if (header.empty()) return;
  if (global::header_name_length(header) > 0) return headers.push_back(header);
  msg::warn(
      "bad undisclosed_recipients_header header text \"{}\" -- need \"headername: headervalue\"",
      header);
}

std::vector<std::string> PrimaryHeader::missing() {
  std::vector<std::string> headers;
  if (received_ == 0) {
    message_.reject("no Received: header");
    return headers;
  }
  const std::string_view prefix = is_resent_ ? kResent : std::string_view();
  if (completes_addresses() || message_.params().always_add_missing_headers)
    add_missing(prefix, headers);
  if (!original_.message_id) msg::info("{}: {}=<>", message_.queue_id(), kMessageIdLog);
  return headers;
}

}  // namespace handoff::cleanup
