#include "cleanup/message.h"

#include <fmt/format.h>

#include <utility>

#include "global/mail_proto.h"
#include "util/msg.h"

namespace handoff::cleanup {

using global::RecordType;
using util::Status;
namespace cleanup_status = global::cleanup_status;

namespace {
// The size record is the first; its type and its length take two bytes.
constexpr off_t kSizeDataOffset = 2;
}  // namespace

Message::Message(global::NewQueueFile file, const global::Params& params, AddressRewriter& rewriter)
    : file_(std::move(file)),
      params_(params),
      rewriter_(rewriter),
      writer_(file_.fd(), file_.path(), params.message_size_limit) {
  put(RecordType::Size, size.to_data());
}

bool Message::sound() const {
  const bool returned = (flags & global::cleanup_flag::kBounce) != 0;
  return (status_ & ~(returned ? cleanup_status::kTooManyHops : 0)) == 0;
}

void Message::put(RecordType type, std::string_view data) {
  if (sound()) writer_.put(type, data);
}

void Message::put_attribute(std::string_view name, std::string_view value) {
  put(RecordType::Attribute, fmt::format("{}={}", name, value));
}

void Message::put_text(RecordType type, std::string_view text) {
  if (!sound()) return;
  writer_.put_text(type, text, static_cast<std::size_t>(params_.line_length_limit));
  if (writer_.failed()) write_out();  // too large: there is no need to go on
}

void Message::reject(std::string_view text) {
  msg::warn("{}: message rejected: {}", queue_id(), text);
  fail(cleanup_status::kBadInput);
}

void Message::rewriting_failed(const util::Error& error) {
  msg::warn("{}: {}", queue_id(), error.what);
  fail(cleanup_status::kDeferred);
}

void Message::write_out() {
  const Status written = writer_.flush();
  if (written || (status_ & (cleanup_status::kTooBig | cleanup_status::kWriteError)) != 0) return;
  if (written.error().kind == util::Error::Kind::Limit) {
    msg::warn("{}: queue file size limit exceeded", queue_id());
    fail(cleanup_status::kTooBig);
  } else {
    msg::warn("{}: write queue file: {}", queue_id(), written.error().what);
    fail(cleanup_status::kWriteError);
  }
}

void Message::commit(const global::MailQueue& queues, std::string_view queue) {
  writer_.overwrite(kSizeDataOffset, size.to_data());
  write_out();
  if (!sound()) return;
  Status done;
  if (queue != file_.queue()) done = queues.move(file_, queue);
  if (done) done = file_.commit();
  if (done) return;
  msg::warn("{}: write queue file: {}", queue_id(), done.error().what);
  fail(cleanup_status::kWriteError);
}

}  // namespace handoff::cleanup
