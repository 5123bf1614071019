#include "bounce/bounce_service.h"

#include <utility>

#include "global/mail_proto.h"
#include "global/params.h"
#include "global/queue_id.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/stream.h"

namespace handoff::bounce {

namespace attr0 = util::attr0;
namespace request = global::bounce_request;
namespace status = global::bounce_status;
using attr0::ListReader;

namespace {

int malformed() {
  msg::warn("malformed request");
  return status::kFailed;
}

bool valid_queue_id(std::string_view id) {
  if (global::is_queue_id(id)) return true;
  msg::warn("malformed queue id: {}", id);
  return false;
}

const global::BounceFlush& flush_of(const global::BounceFlush& flush) {
  return flush;
}
const global::BounceFlush& flush_of(const global::BounceVerp& verp) {
  return verp.flush;
}
const global::BounceFlush& flush_of(const global::BounceOne& one) {
  return one.flush;
}

}  // namespace

BounceService::BounceService(service::Process& process)
    : service_(process.name()),
      peer_name_(process.name() + " socket"),
      limit_(process.params().ipc_timeout),
      queue_(global::MailQueue::Settings::from(process.params())),
      format_{process.params().backwards_bounce_logfile_compatibility,
              process.params().smtputf8_enable},
      patience_{process.params().deliver_lock_attempts, process.params().deliver_lock_delay} {}

void BounceService::serve(service::Connection client) {
  util::Stream stream(std::move(client.fd), peer_name_, limit_);
  if (!stream.write(attr0::announcement(global::protocol::kDeliveryStatus))) return;
  const auto list = attr0::receive_list(stream);
  if (!list) return;  // gone, or silent for too long; what is worth a line has been logged
  global::StatusReply reply{answer(*list)};
  if (!attr0::send(stream, reply)) return;
  (void)stream.flush();  // a client that does not wait for its answer has lost it
}

int BounceService::answer(std::string_view list) const {
  ListReader reader(list, peer_name_);
  int command = 0;
  if (!reader.read(global::attr::kBounceRequest, command)) return malformed();
  switch (command) {
    case request::kAppend:
      return append(list);
    case request::kFlush:
      return decline<global::BounceFlush>(list, "non-delivery notification");
    case request::kWarn:
      return decline<global::BounceFlush>(list, "delay notification");
    case request::kVerp:
      return decline<global::BounceVerp>(list, "non-delivery notification");
    case request::kOne:
      return decline<global::BounceOne>(list, "non-delivery notification");
    case request::kTrace:
      return decline<global::BounceFlush>(list, "delivery status notification");
    default:
      msg::warn("unknown command: {}", command);
      return status::kFailed;
  }
}

int BounceService::append(std::string_view list) const {
  const auto message =
      attr0::decode<global::BounceAppend>(list, peer_name_, ListReader::Unknown::Skip);
  if (!message) return malformed();
  if (!valid_queue_id(message->queue_id)) return status::kFailed;
  const util::Status appended =
      append_to_log(queue_, service_, message->queue_id,
                    format_record(message->recipient, message->dsn, format_), patience_);
  if (appended) return status::kDone;
  msg::warn("{}: {} log: {}", message->queue_id, service_, appended.error().what);
  if ((message->flags & global::bounce_flag::kClean) != 0)
    (void)queue_.remove(service_, message->queue_id);  // nothing to remove is fine
  return status::kFailed;
}

template <typename Message>
int BounceService::decline(std::string_view list, std::string_view what) const {
  const auto message = attr0::decode<Message>(list, peer_name_, ListReader::Unknown::Skip);
  return message ? decline(flush_of(*message), what) : malformed();
}

int BounceService::decline(const global::BounceFlush& message, std::string_view what) const {
  if (!global::is_queue_name(message.queue_name)) {
    msg::warn("malformed queue name: {}", message.queue_name);
    return status::kFailed;
  }
  if (!valid_queue_id(message.queue_id)) return status::kFailed;
  if (message.request == request::kOne && service_ != "bounce") {
    msg::warn("wrong service name \"{}\" for one-recipient bouncing", service_);
    return status::kFailed;
  }
  // Delivery reports are asked for whenever somebody may have wanted one.
  const bool nothing_to_say =
      message.request == request::kTrace && !queue_.attributes(service_, message.queue_id);
  if (nothing_to_say) return status::kDone;
  msg::warn("{}: sender {}: not supported yet", message.queue_id, what);
  return status::kFailed;
}

}  // namespace handoff::bounce
