#include "global/delivery_agent.h"

#include <fcntl.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "global/queue_id.h"
#include "util/attr0.h"
#include "util/hang_up.h"
#include "util/msg.h"
#include "util/stream.h"

namespace handoff::global {

namespace attr0 = util::attr0;

// --- One recipient.

Report DeliveryJob::report(const Recipient& recipient, std::string_view relay,
                           const Dsn& dsn) const {
  return {.trace_flags = request.trace_flags(),
          .queue_id = request.queue_id,
          .stats = request.stats,
          .recipient = recipient,
          .relay = relay,
          .dsn = dsn};
}

void DeliveryJob::mark_done(const Recipient& recipient) {
  if (recipient.offset == Recipient::kNoRecord) return;
  if (util::Status marked = global::mark_done(queue_file.get(), recipient.offset); !marked)
    msg::fatal("update queue file {}: {}", path, marked.error().what);
}

bool DeliveryJob::sent(DeliveryReporter& reporter, const Recipient& recipient,
                       std::string_view relay, const Dsn& dsn) {
  if (!reporter.sent(report(recipient, relay, dsn))) return false;
  if ((request.flags & request_flag::kSuccess) != 0) mark_done(recipient);
  return true;
}

bool DeliveryJob::bounced(DeliveryReporter& reporter, const Recipient& recipient,
                          std::string_view relay, const Dsn& dsn) {
  if (!reporter.bounced(report(recipient, relay, dsn))) return false;
  mark_done(recipient);
  return true;
}

bool DeliveryJob::deferred(DeliveryReporter& reporter, const Recipient& recipient,
                           std::string_view relay, const Dsn& dsn) {
  // Only the report of a probe settles anything.
  if (!reporter.deferred(report(recipient, relay, dsn))) return false;
  mark_done(recipient);
  return true;
}

// --- One request.

namespace {

// Nothing when the message is gone, or when the request is nonsense.
std::optional<DeliveryJob> open_job(DeliveryRequest request, const MailQueue& queue) {
  if (!is_queue_name(request.queue_name) || !is_queue_id(request.queue_id)) {
    msg::warn("delivery request for a bad queue file name: {}/{}", request.queue_name,
              request.queue_id);
    return std::nullopt;
  }
  DeliveryJob job;
  job.path = queue.path(request.queue_name, request.queue_id);
  auto file = queue.open(request.queue_name, request.queue_id, O_RDWR);
  if (!file) {
    const int code = file.error().code;
    if (code != ENOENT)
      msg::fatal("open {} {}: {}", request.queue_name, request.queue_id, util::errno_text(code));
    msg::warn("open {} {}: {}", request.queue_name, request.queue_id, util::errno_text(code));
    return std::nullopt;
  }
  const auto locked = try_lock_shared(file->get());
  if (!locked) msg::fatal("shared lock {}: {}", job.path, util::errno_text(locked.error().code));
  if (!*locked) {  // after a reload, another manager is looking at it: it will ask for it again
    msg::warn("shared lock {}: {}", job.path, util::errno_text(EAGAIN));
    return std::nullopt;
  }
  job.queue_file = *std::move(file);
  job.request = std::move(request);
  if (!job.request.stats.agent_handoff) job.request.stats.agent_handoff = TimeStamp::now();
  return job;
}

// A manager that left before the lock was there, at a reload, has a successor that may have given
// the message to another agent. From the lock on, no successor touches it.
bool still_wanted(const DeliveryJob& job, const util::Stream& manager) {
  if (!manager.hung_up()) return true;
  msg::info("{}: left alone, the queue manager that asked for it has gone", job.request.queue_id);
  return false;
}

// A manager that leaves in the middle of a delivery, at a reload, is not worth a word: what has
// been done is marked in the queue file, where the next one finds it.
void answer(util::Stream& client, const DeliveryReply& reply) {
  util::Status sent = attr0::send(client, reply);
  if (sent) sent = client.flush();
  if (!sent) {
    if (!util::is_hang_up(sent.error())) msg::warn("{}", sent.error().what);
    return;
  }
  (void)client.peek();  // end-of-file, when the manager has seen the reply
}

}  // namespace

void serve_delivery(util::UniqueFd client, const DeliveryAgentOptions& options,
                    const MailQueue& queue, const Deliver& deliver) {
  util::Stream stream(std::move(client), options.service + " socket", options.limit);
  util::Status announced = stream.write(attr0::announcement(protocol::kDeliveryRequest));
  if (announced) announced = stream.flush();
  if (!announced) return;  // the manager has changed its mind
  auto request = receive_request(stream);
  if (!request) {
    if (request.error().kind == util::Error::Kind::Protocol)
      answer(stream, {.hop = {}, .status = DeliveryReply::kRetry});
    return;
  }
  auto job = open_job(*std::move(request), queue);
  if (job && !still_wanted(*job, stream)) return;
  answer(stream, job ? deliver(*job) : DeliveryReply{.hop = {}, .status = DeliveryReply::kRetry});
}

}  // namespace handoff::global
