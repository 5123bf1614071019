#include "qmgr/intake.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "global/mail_proto.h"
#include "global/queue_id.h"
#include "util/msg.h"

namespace handoff::qmgr {

namespace names = global::queue_name;
using util::Error;
using util::UniqueFd;

namespace {

constexpr mode_t kUnthrottleBit = S_IRGRP;
constexpr mode_t kForceExpireBit = S_IXGRP;
constexpr std::int64_t kEarly = 1;         // seconds before its time that a message may be taken
constexpr std::int64_t kLockedDelay = 60;  // seconds until a message in hand is looked at again

std::string active_path(const std::string& id) {
  return std::string(names::kActive) + '/' + id;
}

// Harmless, but whoever wrote the file is confused about it.
void check_recipient_count(const Message& message) {
  const global::Envelope& envelope = message.envelope;
  if (envelope.unread) return;
  const std::int64_t difference = envelope.size.recipient_count - envelope.done_recipients -
                                  static_cast<std::int64_t>(envelope.recipients.size());
  if (difference != 0) msg::warn("{}: rcpt count mismatch ({})", message.id, difference);
}

// Nobody would see whom a bounce of a bounce is about.
void drop_senseless_verp(Message& message) {
  global::Envelope& envelope = message.envelope;
  if (envelope.verp_delimiters.empty() || !envelope.sender.empty()) return;
  msg::warn("{}: ignoring VERP request for null sender", message.id);
  envelope.verp_delimiters.clear();
}

void log_new_message(const Message& message, global::AddressForm form) {
  const global::Envelope& envelope = message.envelope;
  const std::int64_t size =
      envelope.size.text_length > 0 ? envelope.size.text_length : envelope.size.text_span;
  msg::info("{}: from=<{}>, size={}, nrcpt={} (queue active)", message.id,
            global::address_in_log(envelope.sender, form), size, envelope.announced_recipients);
}

}  // namespace

Intake::Intake(const global::MailQueue& queue, WallClock clock, global::AddressForm log_form)
    : queue_(queue), clock_(std::move(clock)), log_form_(log_form) {}

void Intake::recover_active() {
  global::QueueScan scan(names::kActive);
  for (;;) {
    const auto id = scan.next();
    if (!id) {
      msg::warn("{}", id.error().what);
      continue;
    }
    if (!*id) return;
    // First the time, so that it cannot be taken for mail that is not due.
    (void)queue_.set_not_before(names::kActive, **id, clock_().seconds);
    const auto moved = queue_.rename(**id, names::kActive, names::kIncoming);
    if (!moved && moved.error().code != ENOENT) msg::warn("{}", moved.error().what);
  }
}

bool Intake::is_due(std::string_view from, const std::string& id, bool ignore_times,
                    struct stat& attributes) {
  const auto found = queue_.attributes(from, id);
  if (!found || !global::is_ready(*found)) return false;
  attributes = *found;
  if (ignore_times || attributes.st_mtime <= clock_().seconds + kEarly) return true;
  if (from == names::kIncoming) wait_in_incoming(attributes.st_mtime);
  return false;
}

void Intake::wait_in_incoming(std::int64_t due) {
  next_due_ = std::min(next_due_.value_or(due), due);
}

// An agent of our predecessor is at it; when it is done, the marks in the file tell what is left.
void Intake::postpone_locked(const std::string& id) {
  msg::info("{}: skipped, still being delivered", id);
  const std::int64_t due = clock_().seconds + kLockedDelay;
  (void)queue_.set_not_before(names::kActive, id, due);
  wait_in_incoming(due);
  const auto moved = queue_.rename(id, names::kActive, names::kIncoming);
  if (!moved) msg::warn("{}", moved.error().what);
}

std::optional<UniqueFd> Intake::open_locked(const std::string& id) {
  auto file = queue_.open(names::kActive, id, O_RDWR);
  if (!file) {
    if (file.error().code != ENOENT) msg::fatal("{}", file.error().what);
    msg::warn("{}", file.error().what);
    return std::nullopt;
  }
  const auto locked = global::try_lock(file->get());
  if (!locked) msg::fatal("{}: {}", active_path(id), locked.error().what);
  if (!*locked) {
    postpone_locked(id);
    return std::nullopt;
  }
  return std::move(*file);
}

std::optional<Imported> Intake::import(std::string_view from, const std::string& id,
                                       bool ignore_times, std::size_t recipient_limit) {
  struct stat attributes {};
  if (!is_due(from, id, ignore_times, attributes)) return std::nullopt;
  if (const auto moved = queue_.rename(id, from, names::kActive); !moved) {
    if (moved.error().code != ENOENT) msg::fatal("{}", moved.error().what);
    return std::nullopt;  // the operator was faster
  }
  auto file = open_locked(id);
  if (!file) return std::nullopt;

  Imported imported;
  imported.message = std::make_unique<Message>();
  Message& message = *imported.message;
  message.id = id;
  global::RecordFile records(file->get(), active_path(id));
  auto envelope = global::EnvelopeReader(records, id).read(recipient_limit);
  if (!envelope) {
    if (envelope.error().kind != Error::Kind::Syntax) msg::fatal("{}", envelope.error().what);
    msg::warn("{}", envelope.error().what);
    put_aside(id);
    return std::nullopt;
  }
  message.sequence = ++sequence_;
  message.envelope = *std::move(envelope);
  message.stats.incoming_arrival = message.envelope.arrival;
  message.stats.active_arrival = clock_();
  if (!message.envelope.redirect.empty()) message.envelope.unread.reset();  // one is enough
  message.force_expired = (attributes.st_mode & kForceExpireBit) != 0;
  message.unthrottle = (attributes.st_mode & kUnthrottleBit) != 0;
  log_new_message(message, log_form_);
  drop_senseless_verp(message);
  check_recipient_count(message);
  imported.recipients = std::exchange(message.envelope.recipients, {});
  imported.lock = *std::move(file);
  (void)queue_.remove(names::kDefer, id);  // usually there is none
  return imported;
}

std::optional<std::vector<global::Recipient>> Intake::read_more(Message& message,
                                                                std::size_t recipient_limit) {
  const auto file = queue_.open(names::kActive, message.id, O_RDONLY);
  if (!file) {
    msg::warn("{}", file.error().what);
    return std::nullopt;
  }
  global::RecordFile records(file->get(), active_path(message.id));
  global::EnvelopeReader reader(records, message.id);
  if (const auto read = reader.read_more(message.envelope, recipient_limit); !read) {
    msg::warn("{}", read.error().what);
    return std::nullopt;
  }
  return std::exchange(message.envelope.recipients, {});
}

void Intake::put_aside(const std::string& id) {
  msg::warn("saving corrupt file \"{}\" from queue \"{}\" to queue \"{}\"", id, names::kActive,
            names::kCorrupt);
  const auto moved = queue_.rename(id, names::kActive, names::kCorrupt);
  if (!moved && moved.error().code != ENOENT) msg::fatal("{}", moved.error().what);
}

void Intake::defer(const std::string& id, std::int64_t not_before) {
  if (const auto set = queue_.set_not_before(names::kActive, id, not_before); !set)
    msg::warn("{}", set.error().what);
  const auto moved = queue_.rename(id, names::kActive, names::kDeferred);
  if (moved) return;
  if (moved.error().code != ENOENT) msg::fatal("{}", moved.error().what);
  msg::warn("{}", moved.error().what);
}

void Intake::clear_unthrottle_bit(const std::string& id) {
  const auto attributes = queue_.attributes(names::kActive, id);
  if (!attributes) return;
  const mode_t mode = attributes->st_mode & 07777 & ~kUnthrottleBit;
  if (chmod(queue_.path(names::kActive, id).c_str(), mode) < 0)
    msg::warn("chmod {}: {}", active_path(id), util::errno_text(errno));
}

}  // namespace handoff::qmgr
