#include "cleanup/recipients.h"

#include <fmt/format.h>

#include <utility>

#include "cleanup/utf8.h"
#include "global/mail_proto.h"
#include "util/text.h"

namespace handoff::cleanup {

using global::Recipient;
using global::RecordType;
using global::SizeRecord;
namespace notify = global::notify;

namespace {

// RFC 3461, 4.2; RFC 6533, 3.
constexpr std::string_view kAsciiType = "rfc822";
constexpr std::string_view kUtf8Type = "utf-8";

}  // namespace

void Recipients::add(Recipient recipient) {
  const std::string given = recipient.address;
  auto address = message_.rewriter().internal(
      given.empty() ? message_.params().empty_address_recipient : std::string_view(given));
  if (!address) return message_.rewriting_failed(address.error());
  recipient.address = *std::move(address);
  note_utf8_address(message_, recipient.address, 0);
  if (recipient.original.empty()) recipient.original = given;
  if (recipient.dsn_original.empty()) {
    const bool utf8 = message_.size.smtputf8 != 0 && !is_ascii(recipient.address);
    recipient.dsn_original = fmt::format("{};{}", utf8 ? kUtf8Type : kAsciiType, recipient.address);
  }
  message_.size.flags |= recipient.notify << SizeRecord::kNotifyShift;
  if (is_new(recipient)) write(recipient);
}

void Recipients::add_automatic(std::string_view address) {
  auto complete = message_.rewriter().internal(address);
  if (!complete) return message_.rewriting_failed(complete.error());
  Recipient recipient;
  recipient.address = recipient.original = *std::move(complete);
  recipient.notify = notify::kNever;
  if (is_new(recipient)) write(recipient);
}

// Addresses that differ in case only are one, wherever the case is.
bool Recipients::is_new(const Recipient& recipient) {
  std::string key = util::to_lower(recipient.address) + '\0';
  if (message_.params().enable_original_recipient)
    key += util::to_lower(recipient.original) + '\0' + util::to_lower(recipient.dsn_original) +
           '\0' + std::to_string(recipient.notify);
  if (seen_.contains(key)) return false;
  const int limit = message_.params().duplicate_filter_limit;
  if (limit <= 0 || std::cmp_less(seen_.size(), limit)) seen_.insert(std::move(key));
  return true;
}

void Recipients::write(const Recipient& recipient) {
  if (recipient.notify != 0)
    message_.put_attribute(global::attr::kNotifyFlags, std::to_string(recipient.notify));
  if (!recipient.dsn_original.empty())
    message_.put_attribute(global::attr::kDsnOriginalRecipient, recipient.dsn_original);
  message_.put(RecordType::OriginalRecipient, recipient.original);
  message_.put(RecordType::Recipient, recipient.address);
  ++message_.size.recipient_count;
}

}  // namespace handoff::cleanup
