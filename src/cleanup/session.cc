#include "cleanup/session.h"

#include "global/cleanup_messages.h"
#include "global/mail_proto.h"
#include "util/attr0.h"
#include "util/msg.h"

namespace handoff::cleanup {

using global::Record;
using global::RecordDecoder;
using global::RecordType;
namespace cleanup_status = global::cleanup_status;

Session::Session(util::Stream& client, Message& message)
    : client_(client), message_(message), envelope_(message), text_(message) {}

bool Session::receive_flags() {
  auto request = util::attr0::receive<global::CleanupRequest>(client_);
  if (!request) return false;
  message_.flags = request->flags;
  if ((message_.flags & global::cleanup_flag::kSmtputf8) != 0)
    message_.size.smtputf8 = global::smtputf8::kRequested;
  return true;
}

// To the last record, also after an error: a client that is still writing would not see the answer.
void Session::receive() {
  if (!receive_flags()) return message_.fail(cleanup_status::kBadInput);
  RecordDecoder decoder;
  while (stage_ != Stage::Done) {
    const auto record = decoder.next();
    if (!record) {
      msg::warn("{}: {}", client_.name(), record.error().what);
      return message_.fail(cleanup_status::kBadInput);
    }
    if (*record) {
      take(**record);
      continue;
    }
    const auto bytes = client_.peek();
    if (!bytes) return message_.fail(cleanup_status::kBadInput);
    decoder.feed(*bytes);
    client_.consume(bytes->size());
  }
  finish();
}

void Session::take(const Record& record) {
  if (!message_.sound() || message_.is_discarded()) {
    if (record.type == RecordType::End) stage_ = Stage::Done;
    return;
  }
  switch (stage_) {
    case Stage::Envelope:
      if (envelope_.take(record)) stage_ = Stage::Text;
      break;
    case Stage::Text:
      if (text_.take(record)) stage_ = Stage::Extracted;
      break;
    case Stage::Extracted:
      if (envelope_.take_extracted(record)) stage_ = Stage::Done;
      break;
    case Stage::Done:
      break;
  }
  if (!message_.sound() && record.type == RecordType::End) stage_ = Stage::Done;
}

void Session::finish() {
  if (message_.status() == 0 && message_.size.recipient_count == 0 && !message_.is_discarded())
    message_.fail(cleanup_status::kNoRecipients);
}

}  // namespace handoff::cleanup
