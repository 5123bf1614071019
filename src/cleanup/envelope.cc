#include "cleanup/envelope.h"

#include <fmt/format.h>

#include <utility>

#include "cleanup/utf8.h"
#include "global/mail_proto.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::cleanup {

using global::Attribute;
using global::Record;
using global::RecordType;
using global::SizeRecord;
namespace attr = global::attr;
namespace notify = global::notify;

namespace {

bool is_valid_notify(int mask) {
  constexpr int kOthers = notify::kSuccess | notify::kFailure | notify::kDelay;
  return mask == notify::kNever || (mask > 0 && (mask & ~kOthers) == 0);
}

}  // namespace

bool Envelope::take(const Record& record) {
  switch (record.type) {
    case RecordType::Size:
    case RecordType::Done:
    case RecordType::Cancelled:
    case RecordType::Killed:
      return false;
    case RecordType::Time:
      take_time(record);
      return false;
    case RecordType::Attribute:
    case RecordType::DsnOriginalRecipient:
    case RecordType::NotifyFlags:
      take_attribute(record);
      return false;
    case RecordType::FullName:
      message_.full_name = record.data;
      pass(record);
      return false;
    case RecordType::Flags:
      message_.flags |= util::to_int(record.data).value_or(0);
      return false;
    case RecordType::Sender:
      take_sender(record);
      return false;
    case RecordType::OriginalRecipient:
      pending_.original = record.data;
      return false;
    case RecordType::Recipient:
      if (has_preliminaries()) take_recipient(record);
      return false;
    case RecordType::WarnTime:
      warning_time_written_ = true;
      pass(record);
      return false;
    case RecordType::Verp:
      take_verp(record);
      return false;
    case RecordType::Message:
      begin_text();
      return true;
    case RecordType::Filter:
    case RecordType::Inspect:
    case RecordType::Redirect:
    case RecordType::EnvelopeId:
    case RecordType::ReturnFlags:
      pass(record);
      return false;
    default:
      refuse(record, "envelope");
      return false;
  }
}

bool Envelope::take_extracted(const Record& record) {
  switch (record.type) {
    case RecordType::Done:
    case RecordType::Cancelled:
    case RecordType::Killed:
      return false;
    case RecordType::Attribute:
    case RecordType::DsnOriginalRecipient:
    case RecordType::NotifyFlags:
      take_attribute(record);
      return false;
    case RecordType::OriginalRecipient:
      pending_.original = record.data;
      return false;
    case RecordType::Recipient:
      begin_extracted_recipients();
      take_recipient(record);
      return false;
    case RecordType::FullName:
    case RecordType::Filter:
    case RecordType::Inspect:
    case RecordType::Redirect:
    case RecordType::ReturnReceipt:
    case RecordType::ErrorsTo:
    case RecordType::Priority:
      pass(record);
      return false;
    case RecordType::End:
      end();
      return true;
    default:
      refuse(record, "extracted envelope");
      return false;
  }
}

void Envelope::refuse(const Record& record, std::string_view place) {
  const int type = static_cast<int>(record.type);
  if (record.type == RecordType::Pointer || record.type == RecordType::Deleted) {
    msg::warn("{}: record type {} not allowed - discarding this message", message_.queue_id(),
              type);
    message_.fail(global::cleanup_status::kBadInput);
  } else {
    message_.reject(fmt::format("unexpected record type {} in {}", type, place));
  }
}

// A reader that has seen all recipients must know whether there is more to come.
void Envelope::pass(const Record& record) {
  message_.put(record.type, record.data);
  if (in_recipients_) message_.size.flags |= SizeRecord::kMixedRecipients;
}

void Envelope::take_time(const Record& record) {
  if (message_.arrival) return;
  const auto time = global::time_from_record(record.data);
  if (!time) return;
  message_.arrival = *time;
  pass(record);
  // The age of the message counts from here, not from when a client says that it came.
  message_.put_attribute(attr::kCreateTime, std::to_string(message_.created().seconds));
}

void Envelope::take_verp(const Record& record) {
  constexpr std::size_t kDelimiters = 2;
  const std::string& allowed = message_.params().verp_delimiter_filter;
  if (record.data.size() == kDelimiters &&
      record.data.find_first_not_of(allowed) == std::string_view::npos)
    return pass(record);
  msg::warn("{}: ignoring bad VERP request: \"{}\"", message_.queue_id(),
            util::printable(record.data.substr(0, 100)));
}

void Envelope::take_sender(const Record& record) {
  if (message_.has_sender) return message_.reject("multiple envelope sender records");
  message_.has_sender = true;
  if (!record.data.empty()) {
    auto sender = message_.rewriter().internal(record.data);
    if (!sender) return message_.rewriting_failed(sender.error());
    message_.sender = *std::move(sender);
  }
  note_utf8_address(message_, message_.sender, global::smtputf8::kSender);
  message_.put(RecordType::Sender, message_.sender);
}

void Envelope::take_attribute(const Record& record) {
  const auto attribute = global::attribute_of(record);
  if (!attribute) return reject_attribute(record);
  const auto& [name, value] = *attribute;
  if (value.empty()) {
    msg::warn("{}: spurious null attribute value for \"{}\" -- ignored", message_.queue_id(),
              util::printable(name));
    return;
  }
  if (name == attr::kDsnOriginalRecipient) {
    pending_.dsn_original = value;
  } else if (name == attr::kNotifyFlags) {
    take_notify(record, *attribute);
  } else if (name != attr::kCreateTime) {  // see take_time
    const int limit = message_.params().queue_file_attribute_count_limit;
    if (++attributes_ >= limit)
      return message_.reject(fmt::format("attribute count exceeds limit {}", limit));
    if (!text_has_begun_ && !use_attribute(record, *attribute)) return;
    pass(record);
  }
}

void Envelope::reject_attribute(const Record& record) {
  const bool no_name = util::trim(record.data.substr(0, record.data.find('='))).empty();
  message_.reject(fmt::format("malformed attribute: missing {}: {}",
                              no_name ? "attribute name" : "'=' after attribute name",
                              util::printable(record.data.substr(0, 100))));
}

// What we need to know ourselves.
bool Envelope::use_attribute(const Record& record, const Attribute& attribute) {
  const auto& [name, value] = attribute;
  if (name == attr::kEncoding) message_.encoding = value;
  if (name == attr::kEnvelopeId) message_.envelope_id = value;
  if (name == attr::kRewriteContext) {
    message_.is_local = value == global::rewrite_context::kLocal;
    if (message_.is_local || value == global::rewrite_context::kRemote) return true;
    message_.reject(fmt::format("bad rewriting context: {}", util::printable(value)));
  }
  if (name == attr::kRetFlags) {
    message_.ret_flags = util::to_int(value).value_or(0);
    if (message_.ret_flags == global::ret::kFull || message_.ret_flags == global::ret::kHeaders)
      return true;
    message_.reject(fmt::format("bad DSN RET record <{}>", util::printable(record.data)));
  }
  return message_.sound();
}

void Envelope::take_notify(const Record& record, const Attribute& attribute) {
  const int mask = util::to_int(attribute.value).value_or(0);
  if (is_valid_notify(mask)) {
    pending_.notify = mask;
    return;
  }
  msg::warn("{}: ignoring malformed DSN notify record <{}>", message_.queue_id(),
            util::printable(record.data));
}

bool Envelope::has_preliminaries() {
  if (!message_.sound()) return false;
  if (!message_.has_sender) {
    message_.reject("missing sender envelope record");
  } else if (!message_.arrival) {
    message_.reject("missing time envelope record");
  }
  return message_.sound();
}

void Envelope::take_recipient(const Record& record) {
  if (!std::exchange(in_recipients_, true)) write_warning_time();
  global::Recipient recipient = std::exchange(pending_, {});
  recipient.address = record.data;
  recipients_.add(std::move(recipient));
}

void Envelope::write_warning_time() {
  const auto delay = message_.params().delay_warning_time;
  if (std::exchange(warning_time_written_, true) || delay.count() <= 0 || message_.sender.empty())
    return;
  message_.put(RecordType::WarnTime,
               global::fixed_width_number(message_.arrival.seconds + delay.count()));
}

void Envelope::begin_text() {
  (void)has_preliminaries();
  write_warning_time();
  message_.put(RecordType::Message);
  message_.size.text_offset = message_.position();
  in_recipients_ = false;
  pending_ = {};
  text_has_begun_ = true;
}

// What was found in the text comes first, so that a reader who has seen all recipients knows it.
void Envelope::begin_extracted_recipients() {
  if (std::exchange(encoding_written_, true) || message_.encoding.empty()) return;
  message_.put_attribute(attr::kEncoding, message_.encoding);
}

void Envelope::end() {
  begin_extracted_recipients();
  const std::string& copy = message_.params().always_bcc;
  const bool wanted = (message_.flags & global::cleanup_flag::kAutoBcc) != 0;
  if (!copy.empty() && wanted && message_.sound() && message_.size.recipient_count > 0)
    recipients_.add_automatic(copy);
  message_.put(RecordType::End);
}

}  // namespace handoff::cleanup
