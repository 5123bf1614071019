#include "qmgr/finisher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "global/bounce_messages.h"
#include "global/mail_proto.h"
#include "util/attr0.h"
#include "util/msg.h"

namespace handoff::qmgr {

namespace names = global::queue_name;
namespace attr0 = util::attr0;
namespace command = global::bounce_request;
using global::BounceFlush;

namespace {

BounceFlush report_request(const Message& message, int request, int flags) {
  BounceFlush report;
  report.request = request;
  report.flags = flags;
  report.queue_name = names::kActive;
  report.queue_id = message.id;
  report.encoding = message.envelope.encoding;
  report.smtputf8 = static_cast<int>(message.envelope.size.smtputf8);
  report.sender = message.envelope.sender;
  report.envelope_id = message.envelope.envelope_id;
  report.ret_flags = message.envelope.ret_flags;
  return report;
}

// "QID: status=deferred (bounce failed)", and the message stays.
void note_failure(Message& message, int status, std::string_view what) {
  if (status == global::bounce_status::kDone) return;
  msg::info("{}: status=deferred ({} failed)", message.id, what);
}

constexpr int kReported = global::request_flag::kUserVerify | global::request_flag::kRecord |
                          global::request_flag::kReportDelay;
constexpr std::int64_t kSuccessWanted = std::int64_t{global::notify::kSuccess}
                                        << global::SizeRecord::kNotifyShift;

}  // namespace

Finisher::Finisher(util::Scheduler& scheduler, const global::MailQueue& queue, Intake& intake,
                   WallClock clock, Options options, Done done)
    : scheduler_(scheduler),
      queue_(queue),
      intake_(intake),
      clock_(std::move(clock)),
      options_(std::move(options)),
      done_(std::move(done)) {}

void Finisher::finish(Message& message) {
  message.in_hand = true;
  report_failures(message);
}

void Finisher::ask(Message& message, const global::StatusService& service, std::string request,
                   std::function<void(int status)> then) {
  const auto call = calls_.emplace(calls_.end());
  (void)message;  // stays in memory until its reports are made: it is in hand
  *call = std::make_unique<global::StatusCall>(
      scheduler_, service, std::move(request), [this, call, next = std::move(then)](int status) {
        const auto finished = std::move(*call);  // lives until the end of this function
        const auto continuation = next;
        calls_.erase(call);
        continuation(status);
      });
}

void Finisher::report_failures(Message& message) {
  const auto log = queue_.attributes(names::kBounce, message.id);
  if (!log) return check_corruption(message);
  if (log->st_size == 0) {
    (void)queue_.remove(names::kBounce, message.id);
    return check_corruption(message);
  }
  const bool verp = message.one_recipient_per_request() && options_.verp_bounces;
  const BounceFlush flush =
      report_request(message, verp ? command::kVerp : command::kFlush, global::bounce_flag::kNone);
  const std::string request =
      verp ? attr0::encode(global::BounceVerp{flush, message.envelope.verp_delimiters})
           : attr0::encode(flush);
  ask(message, options_.bounce, request, [this, &message, verp](int status) {
    note_failure(message, status, verp ? "verp" : "bounce");
    message.deferred = message.deferred || status != global::bounce_status::kDone;
    check_corruption(message);
  });
}

// An agent that could not read the file has said so by its mode.
void Finisher::check_corruption(Message& message) {
  if (message.deferred) {
    const auto file = queue_.attributes(names::kActive, message.id);
    if (file && !global::is_ready(*file)) {
      intake_.put_aside(message.id);
      return done_(message, Result::Gone);
    }
  }
  if (message.envelope.unread) {
    message.in_hand = false;
    return done_(message, Result::HasUnread);
  }
  report_trace(message);
}

void Finisher::report_trace(Message& message) {
  const global::Envelope& envelope = message.envelope;
  const bool wanted =
      (envelope.trace_flags & kReported) != 0 || (envelope.size.flags & kSuccessWanted) != 0;
  if (!wanted) return report_age(message);
  ask(message, options_.trace,
      attr0::encode(report_request(message, command::kTrace, envelope.trace_flags)),
      [this, &message](int status) { on_traced(message, status); });
}

void Finisher::on_traced(Message& message, int status) {
  const global::Envelope& envelope = message.envelope;
  note_failure(message, status, "trace");
  if (status != global::bounce_status::kDone) {
    message.deferred = true;
  } else if (envelope.trace_flags == global::request_flag::kRecord &&
             envelope.trace_offset != global::Envelope::kNoRecord) {
    // Once is enough, however long the rest takes.
    const char killed = static_cast<char>(global::RecordType::Killed);
    overwrite(message, envelope.trace_offset, {&killed, 1});
  }
  report_age(message);
}

bool Finisher::expired(const Message& message) const {
  const auto lifetime =
      message.envelope.sender.empty() ? options_.bounce_queue_lifetime : options_.queue_lifetime;
  return clock_() >= message.envelope.create_time + lifetime.count();
}

bool Finisher::due_for_warning(const Message& message) const {
  return message.envelope.warn_time > 0 && clock_() >= message.envelope.warn_time - 1;
}

void Finisher::report_age(Message& message) {
  if (!message.deferred) return settle(message);
  if (message.force_expired || expired(message)) return expire(message);
  if (due_for_warning(message)) return warn(message);
  settle(message);
}

void Finisher::expire(Message& message) {
  msg::info("{}: from=<{}>, status={}, returned to sender", message.id,
            global::address_in_log(message.envelope.sender, options_.log_form),
            message.force_expired ? "force-expired" : "expired");
  const bool verp = message.one_recipient_per_request() && options_.verp_bounces;
  const BounceFlush flush = report_request(message, verp ? command::kVerp : command::kFlush,
                                           global::bounce_flag::kDeleteRecipient);
  const std::string request =
      verp ? attr0::encode(global::BounceVerp{flush, message.envelope.verp_delimiters})
           : attr0::encode(flush);
  ask(message, options_.defer, request, [this, &message, verp](int status) {
    note_failure(message, status, verp ? "verp" : "bounce");
    message.deferred = status != global::bounce_status::kDone;
    settle(message);
  });
}

void Finisher::warn(Message& message) {
  ask(message, options_.defer,
      attr0::encode(report_request(message, command::kWarn, global::bounce_flag::kNone)),
      [this, &message](int status) {
        note_failure(message, status, "delay warning");
        if (status == global::bounce_status::kDone) {
          std::string record;
          global::append_record(record, global::RecordType::WarnTime,
                                global::fixed_width_number(global::Envelope::kWarned));
          overwrite(message, message.envelope.warn_offset, record);
        }
        settle(message);
      });
}

void Finisher::settle(Message& message) {
  if (message.deferred) {
    const std::int64_t now = clock_();
    const std::int64_t delay = std::clamp<std::int64_t>(now - message.envelope.create_time,
                                                        options_.minimal_backoff.count(),
                                                        options_.maximal_backoff.count());
    intake_.defer(message.id, now + delay);
    return done_(message, Result::Gone);
  }
  const auto removed = queue_.remove(names::kActive, message.id);
  if (!removed && removed.error().code != ENOENT) msg::fatal("{}", removed.error().what);
  if (!removed)
    msg::warn("{}", removed.error().what);
  else
    msg::info("{}: removed", message.id);
  done_(message, Result::Gone);
}

void Finisher::overwrite(const Message& message, std::int64_t offset, std::string_view bytes) {
  if (offset == global::Envelope::kNoRecord) return;
  const auto file = queue_.open(names::kActive, message.id, O_WRONLY);
  if (!file) return msg::warn("{}", file.error().what);
  if (pwrite(file->get(), bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()))
    msg::warn("{}: write: {}", message.id, util::errno_text(errno));
}

}  // namespace handoff::qmgr
