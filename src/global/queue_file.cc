#include "global/queue_file.h"

#include <fmt/format.h>

#include <array>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::global {

using util::Error;
using util::Result;
using util::Status;

namespace {

constexpr std::size_t kOldestSizeFields = 3;
constexpr std::size_t kFieldsWithFlags = 4;

std::int64_t number_or_zero(std::string_view text) {
  return util::to_int64(text).value_or(0);
}

// Belongs to one recipient, and not to the message.
bool is_of_recipient(const Record& record) {
  switch (record.type) {
    case RecordType::OriginalRecipient:
    case RecordType::Recipient:
    case RecordType::Done:
    case RecordType::Cancelled:
    case RecordType::DsnOriginalRecipient:
    case RecordType::NotifyFlags:
      return true;
    case RecordType::Attribute: {
      const auto attribute = split_attribute(record.data);
      return attribute && (attribute->name == attr::kDsnOriginalRecipient ||
                           attribute->name == attr::kNotifyFlags);
    }
    default:
      return false;
  }
}

int mask_of(std::string_view text) {
  return static_cast<int>(util::to_int(text).value_or(0));
}

}  // namespace

std::string SizeRecord::to_data() const {
  return fmt::format("{:>15} {:>15} {:>15} {:>15} {:>15} {:>15}", text_span, text_offset,
                     recipient_count, flags, text_length, smtputf8);
}

std::optional<SizeRecord> SizeRecord::from_data(std::string_view data) {
  SizeRecord size;
  const std::array fields{&size.text_span, &size.text_offset, &size.recipient_count,
                          &size.flags,     &size.text_length, &size.smtputf8};
  std::size_t count = 0;
  for (; count < fields.size(); ++count) {
    const auto number = util::to_int64(util::next_word(data));
    if (!number) break;
    *fields[count] = *number;
  }
  constexpr std::int64_t kFarEnough = std::int64_t{1} << 60;  // no file, and sums do not overflow
  const auto in_file = [](std::int64_t number) { return number >= 0 && number < kFarEnough; };
  if (count < kOldestSizeFields || !in_file(size.text_span) || !in_file(size.text_offset) ||
      !in_file(size.recipient_count))
    return std::nullopt;
  if (count < kFieldsWithFlags) size.flags = kMixedRecipients;
  if (size.text_length == 0) size.text_length = size.text_span;
  return size;
}

std::string time_record_data(const TimeStamp& time) {
  return fmt::format("{} {}", time.seconds, time.microseconds);
}

std::optional<TimeStamp> time_from_record(std::string_view data) {
  const auto seconds = util::to_int64(util::next_word(data));
  if (!seconds || *seconds < 0) return std::nullopt;
  return TimeStamp{*seconds, number_or_zero(util::next_word(data))};
}

std::optional<Attribute> split_attribute(std::string_view data) {
  const std::size_t equals = data.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const Attribute attribute{util::trim(data.substr(0, equals)),
                            util::trim(data.substr(equals + 1))};
  if (attribute.name.empty()) return std::nullopt;
  return attribute;
}

std::optional<Attribute> attribute_of(const Record& record) {
  switch (record.type) {
    case RecordType::Attribute:
      return split_attribute(record.data);
    case RecordType::CreateTime:
      return Attribute{attr::kCreateTime, record.data};
    case RecordType::EnvelopeId:
      return Attribute{attr::kEnvelopeId, record.data};
    case RecordType::ReturnFlags:
      return Attribute{attr::kRetFlags, record.data};
    case RecordType::DsnOriginalRecipient:
      return Attribute{attr::kDsnOriginalRecipient, record.data};
    case RecordType::NotifyFlags:
      return Attribute{attr::kNotifyFlags, record.data};
    default:
      return std::nullopt;
  }
}

EnvelopeReader::EnvelopeReader(RecordFile& file, std::string queue_id)
    : file_(file), queue_id_(std::move(queue_id)) {}

Error EnvelopeReader::unexpected(const Record& record) const {
  return Error::syntax(fmt::format("Unexpected record type '{}' at offset {}",
                                   static_cast<char>(record.type), record.offset));
}

Result<Envelope> EnvelopeReader::read(std::size_t recipient_limit) {
  Envelope envelope;
  file_.seek(0);
  if (Status scanned = scan(envelope, recipient_limit); !scanned) return std::move(scanned).error();
  if (Status checked = check(envelope); !checked) return std::move(checked).error();
  if (envelope.create_time == 0) envelope.create_time = envelope.arrival.seconds;
  return envelope;
}

Status EnvelopeReader::read_more(Envelope& envelope, std::size_t recipient_limit) {
  envelope.recipients.clear();
  if (!envelope.unread) return {};
  file_.seek(*std::exchange(envelope.unread, std::nullopt));
  has_sender_ = true;  // whoever has an envelope has read that far, with this reader or another
  seen_ = {};          // what stands behind is read again
  has_end_ = false;
  if (Status scanned = scan(envelope, recipient_limit); !scanned) return scanned;
  return check(envelope);
}

Status EnvelopeReader::scan(Envelope& envelope, std::size_t recipient_limit) {
  for (;;) {
    auto record = file_.next();
    if (!record && record.error().kind == Error::Kind::System) return std::move(record).error();
    if (!record) {
      if (record.error().kind != Error::Kind::Closed) msg::warn("{}", record.error().what);
      return {};  // check() tells what is missing
    }
    if (record->type == RecordType::End) {
      has_end_ = true;
      return {};
    }
    if (envelope.unread && is_of_recipient(*record)) continue;
    if (Status taken = take(envelope, *record); !taken) return taken;
    // What else there is to know about the message may stand behind the recipients.
    if (recipient_limit > 0 && record->type == RecordType::Recipient &&
        envelope.recipients.size() == recipient_limit)
      envelope.unread = file_.position();
  }
}

Status EnvelopeReader::check(const Envelope& envelope) const {
  const auto missing = [&](std::string_view what) {
    return Error::syntax(fmt::format("{}: message rejected: missing {} record", queue_id_, what));
  };
  if (!has_end_) return missing("end");
  if (!envelope.arrival) return missing("arrival time");
  if (!has_sender_) return missing("sender");
  return {};
}

Status EnvelopeReader::take(Envelope& envelope, const Record& record) {
  switch (record.type) {
    case RecordType::Size:
      return take_size(envelope, record.data);
    case RecordType::Time:
      if (const auto time = time_from_record(record.data); time && !envelope.arrival)
        envelope.arrival = *time;
      return {};
    case RecordType::Attribute:
    case RecordType::CreateTime:
    case RecordType::EnvelopeId:
    case RecordType::ReturnFlags:
    case RecordType::DsnOriginalRecipient:
    case RecordType::NotifyFlags:
      return take_attribute(envelope, record);
    case RecordType::Sender:
      if (has_sender_) return {};
      has_sender_ = true;
      envelope.sender = record.data;
      envelope.announced_recipients = envelope.size.recipient_count -
                                      static_cast<std::int64_t>(envelope.recipients.size()) -
                                      envelope.done_recipients;
      return {};
    case RecordType::OriginalRecipient:
      pending_.original = record.data;
      return {};
    case RecordType::Recipient:
    case RecordType::Done:
    case RecordType::Cancelled:
      take_recipient(envelope, record);
      return {};
    case RecordType::FullName:
      envelope.full_name = record.data;
      return {};
    case RecordType::Filter:
      envelope.filter = record.data;
      return {};
    case RecordType::Inspect:
      envelope.inspect = record.data;
      return {};
    case RecordType::Redirect:
      envelope.redirect = record.data;
      return {};
    case RecordType::Verp:
      envelope.verp_delimiters = record.data;
      return {};
    case RecordType::WarnTime:
      envelope.warn_time = number_or_zero(util::trim(record.data));
      envelope.warn_offset = record.offset;
      return {};
    case RecordType::Message:
      return skip_text(envelope);
    case RecordType::Killed:
    case RecordType::ReturnReceipt:
    case RecordType::ErrorsTo:
    case RecordType::Priority:
      return {};
    default:
      return unexpected(record);
  }
}

Status EnvelopeReader::take_size(Envelope& envelope, std::string_view data) {
  if (envelope.size.text_offset > 0) return {};
  const auto size = SizeRecord::from_data(data);
  if (!size) return {};
  if ((size->flags & ~std::int64_t{SizeRecord::kKnownFlags}) != 0)
    return Error::syntax(
        fmt::format("{}: invalid flags in size record: {}", queue_id_, util::printable(data)));
  envelope.size = *size;
  return {};
}

// Whether the numbers are right shows when what follows is the X record.
Status EnvelopeReader::skip_text(const Envelope& envelope) {
  if (file_.position() == envelope.size.text_offset)
    file_.seek(envelope.size.text_offset + envelope.size.text_span);
  auto record = file_.next();
  if (record) return record->type == RecordType::Extracted ? Status() : unexpected(*record);
  if (record.error().kind == Error::Kind::System) return std::move(record).error();
  if (record.error().kind == Error::Kind::Syntax) msg::warn("{}", record.error().what);
  return Error::syntax(fmt::format("{}: message rejected: missing end record", queue_id_));
}

void EnvelopeReader::take_recipient(Envelope& envelope, const Record& record) {
  Recipient recipient = std::exchange(pending_, {});
  if (record.type != RecordType::Recipient) {
    ++envelope.done_recipients;
    return;
  }
  recipient.address = record.data;
  recipient.offset = record.offset;
  envelope.recipients.push_back(std::move(recipient));
}

void EnvelopeReader::take_client(std::string& field, std::string_view value, bool for_the_log) {
  if (for_the_log) {
    has_log_client_ = true;
    field = value;
  } else if (!has_log_client_ && field.empty()) {
    field = value;
  }
}

void EnvelopeReader::take_once(std::string& field, bool& seen, const Attribute& attribute) {
  if (seen) {
    msg::warn("{}: ignoring multiple {} attribute: {}", queue_id_, attribute.name,
              util::printable(attribute.value));
    return;
  }
  seen = true;
  field = attribute.value;
}

Status EnvelopeReader::take_attribute(Envelope& e, const Record& record) {
  const auto attribute = attribute_of(record);
  if (!attribute)
    return Error::syntax(
        fmt::format("{}: bad attribute record: missing '=' after attribute name: {}", queue_id_,
                    util::printable(record.data.substr(0, 200))));
  const auto& [name, value] = *attribute;
  const auto is = [name = name](std::string_view wanted) { return name == wanted; };

  if (is(attr::kDsnOriginalRecipient)) {
    pending_.dsn_original = value;
  } else if (is(attr::kNotifyFlags)) {
    pending_.notify = mask_of(value);
  } else if (is(attr::kCreateTime)) {
    if (!std::exchange(seen_.create_time, true)) e.create_time = number_or_zero(value);
  } else if (is(attr::kEncoding)) {
    e.encoding = value;
  } else if (is(attr::kEnvelopeId)) {
    e.envelope_id = value;
  } else if (is(attr::kRetFlags)) {
    e.ret_flags = mask_of(value);
  } else if (is(attr::kTraceFlags)) {
    if (!std::exchange(seen_.trace_flags, true)) {
      e.trace_flags = mask_of(value) & request_flag::kTraceMask;
      e.trace_offset = record.offset;
    }
  } else if (is(attr::kLogClientName) || is(attr::kClientName)) {
    take_client(e.client_name, value, is(attr::kLogClientName));
  } else if (is(attr::kLogClientAddress) || is(attr::kClientAddress)) {
    take_client(e.client_address, value, is(attr::kLogClientAddress));
  } else if (is(attr::kLogClientPort) || is(attr::kClientPort)) {
    take_client(e.client_port, value, is(attr::kLogClientPort));
  } else if (is(attr::kLogProtocolName) || is(attr::kProtocolName)) {
    take_client(e.protocol_name, value, is(attr::kLogProtocolName));
  } else if (is(attr::kLogHeloName) || is(attr::kHeloName)) {
    take_client(e.helo_name, value, is(attr::kLogHeloName));
  } else if (is(attr::kSaslMethod)) {
    take_once(e.sasl_method, seen_.sasl_method, *attribute);
  } else if (is(attr::kSaslUsername)) {
    take_once(e.sasl_username, seen_.sasl_username, *attribute);
  } else if (is(attr::kSaslSender)) {
    take_once(e.sasl_sender, seen_.sasl_sender, *attribute);
  } else if (is(attr::kLogIdent)) {
    take_once(e.log_ident, seen_.log_ident, *attribute);
  } else if (is(attr::kRewriteContext)) {
    take_once(e.rewrite_context, seen_.rewrite_context, *attribute);
  }
  return {};
}

TextReader::TextReader(int fd, std::string name, std::int64_t offset)
    : file_(fd, std::move(name), kChunk) {
  file_.seek(offset);
}

Result<std::optional<TextReader::Piece>> TextReader::next() {
  for (;;) {
    auto record = file_.next();
    if (!record) {
      Error error = std::move(record).error();
      if (error.kind == Error::Kind::Closed) error.kind = Error::Kind::Syntax;
      return error;
    }
    switch (record->type) {
      case RecordType::Line:
        return std::optional(Piece{record->data, true});
      case RecordType::Piece:
        return std::optional(Piece{record->data, false});
      case RecordType::Deleted:
        continue;
      case RecordType::Extracted:
        return std::optional<Piece>();
      default:
        return Error::syntax(fmt::format("{}: Unexpected record type '{}' at offset {}",
                                         file_.name(), static_cast<char>(record->type),
                                         record->offset));
    }
  }
}

}  // namespace handoff::global
