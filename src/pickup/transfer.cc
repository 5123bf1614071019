#include "pickup/transfer.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "global/cleanup_messages.h"
#include "global/cleanup_status.h"
#include "global/log_address.h"
#include "global/mail_date.h"
#include "global/mail_proto.h"
#include "global/msg_stats.h"
#include "global/record.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/stream.h"
#include "util/text.h"

namespace handoff::pickup {

using global::Record;
using global::RecordType;
using util::Error;
using util::Status;
using util::Stream;
namespace cleanup_flag = global::cleanup_flag;
namespace cleanup_status = global::cleanup_status;

namespace {

constexpr std::string_view kEnvelopeTypes = "MCTFILSRDOWVA>K<ion";
// What only the mail system itself may say about a message.
constexpr std::string_view kDroppedTypes = "CLD>";
constexpr std::string_view kTextTypes = "XLN";
constexpr std::string_view kExtractedTypes = "EDROPreAFIL>Kon";

// receive_override_options, as far as they concern us.
struct Override {
  std::string_view name;
  int without;
};
constexpr std::array kOverrides{
    Override{"no_header_body_checks", cleanup_flag::kFilter},
    Override{"no_address_mappings", cleanup_flag::kMapAddresses | cleanup_flag::kAutoBcc},
    Override{"no_milters", cleanup_flag::kMilter},
    Override{"no_unknown_recipient_checks", 0},
};

int request_flags(const global::Params& params) {
  constexpr std::string_view kOurClass = "sendmail";
  constexpr std::string_view kAllClasses = "all";
  int flags = cleanup_flag::kExternal | cleanup_flag::kBounce;
  for (const std::string_view word : util::split(params.receive_override_options, ", \t\r\n"))
    for (const Override& one : kOverrides)
      if (word == one.name) flags &= ~one.without;
  if (!params.smtputf8_enable) return flags;
  for (const std::string_view word : util::split(params.smtputf8_autodetect_classes, ", \t\r\n"))
    if (word == kOurClass || word == kAllClasses) flags |= cleanup_flag::kAutodetectSmtputf8;
  return flags;
}

bool is_one_of(RecordType type, std::string_view types) {
  return types.find(static_cast<char>(type)) != std::string_view::npos;
}

// What the log calls the type of a record that is not there.
constexpr int kEndOfFile = -1;
constexpr int kDamaged = -2;

// Something keeps old mail from being taken over: better tell somebody.
void warn_of_age(const std::string& queue_id, std::int64_t changed) {
  constexpr std::int64_t kDay = 86400;
  const std::int64_t age = global::TimeStamp::now().seconds - changed;
  if (age > kDay) msg::warn("{}: message has been queued for {} days", queue_id, age / kDay);
}

class Transfer {
 public:
  Transfer(const Input& input, const global::Params& params, Stream cleanup)
      : input_(input), params_(params), cleanup_(std::move(cleanup)), file_(input.fd, input.path) {}

  // cleanup's answer; an error of kind Syntax if the file is no message.
  util::Result<global::SubmissionReply> run() {
    auto announcement = util::attr0::receive<global::CleanupAnnouncement>(cleanup_);
    if (!announcement) return std::move(announcement).error();
    queue_id_ = announcement->queue_id;
    warn_of_age(queue_id_, input_.changed);
    if (Status sent = send_all(); !sent) return std::move(sent).error();
    return util::attr0::receive<global::SubmissionReply>(cleanup_);
  }

  [[nodiscard]] const std::string& queue_id() const { return queue_id_; }

 private:
  Status send_all() {
    const global::CleanupRequest request{request_flags(params_)};
    if (Status sent = util::attr0::send(cleanup_, request); !sent) return sent;
    for (const auto segment :
         {&Transfer::send_envelope, &Transfer::send_text, &Transfer::send_extracted})
      if (Status sent = (this->*segment)(); !sent) return sent;
    return cleanup_.flush();
  }

  // Pointers are for messages in the queue: nobody who submits one has reason to.
  util::Result<Record> next(std::string_view allowed) {
    auto record = file_.next_raw();
    if (record && is_one_of(record->type, allowed)) return record;
    if (record) return unusable(static_cast<int>(record->type));
    if (record.error().kind == Error::Kind::System) return record;
    if (record.error().kind == Error::Kind::Closed) return unusable(kEndOfFile);
    msg::warn("{}", record.error().what);
    return unusable(kDamaged);
  }

  [[nodiscard]] Error unusable(int type) const {
    return Error::syntax(
        fmt::format("uid={}: unexpected or malformed record type {}", input_.owner, type));
  }

  Status send(RecordType type, std::string_view data = {}) {
    buffer_.clear();
    global::append_record(buffer_, type, data);
    return cleanup_.write(buffer_);
  }

  Status send_envelope() {
    if (!params_.content_filter.empty())
      if (Status sent = send(RecordType::Filter, params_.content_filter); !sent) return sent;
    for (;;) {
      auto record = next(kEnvelopeTypes);
      if (!record) return std::move(record).error();
      if (is_one_of(record->type, kDroppedTypes)) continue;
      if (record->type == RecordType::Message) break;
      if (Status sent = add_time_before(*record); !sent) return sent;
      if (record->type == RecordType::Sender) sender_ = record->data;
      if (Status sent = send(record->type, record->data); !sent) return sent;
    }
    log_sender();
    if (Status sent = send(RecordType::Message); !sent) return sent;
    return send_received();
  }

  void log_sender() const {
    if (sender_) {
      const global::AddressForm form = global::log_address_form(params_);
      msg::info("{}: uid={} from=<{}>", queue_id_, input_.owner,
                util::printable(global::address_in_log(*sender_, form), '?', true));
    } else {
      msg::warn("{}: uid={}: no envelope sender", queue_id_, input_.owner);
    }
  }

  // The time comes first; a file that does not tell it was complete at this time.
  Status add_time_before(const Record& record) {
    if (std::exchange(has_time_, true) || record.type == RecordType::Time) return {};
    return send(RecordType::Time, std::to_string(input_.changed));
  }

  Status send_received() {
    const std::string from = fmt::format("Received: by {} ({}, from userid {})", params_.myhostname,
                                         params_.mail_name, input_.owner);
    const std::string id = fmt::format("\tid {}; {}", queue_id_, global::mail_date(input_.changed));
    if (Status sent = send(RecordType::Line, from); !sent) return sent;
    return send(RecordType::Line, id);
  }

  Status send_text() {
    for (bool first = true;; first = false) {
      auto record = next(kTextTypes);
      if (!record) return std::move(record).error();
      // Text that begins with a blank would continue our header.
      const bool blank = record->data.starts_with(' ') || record->data.starts_with('\t');
      if (first && blank)
        if (Status sent = send(RecordType::Line); !sent) return sent;
      if (Status sent = send(record->type, record->data); !sent) return sent;
      if (record->type == RecordType::Extracted) return {};
    }
  }

  Status send_extracted() {
    for (;;) {
      auto record = next(kExtractedTypes);
      if (!record) return std::move(record).error();
      if (Status sent = send(record->type, record->data); !sent) return sent;
      if (record->type == RecordType::End) return {};
    }
  }

  const Input& input_;
  const global::Params& params_;
  Stream cleanup_;
  global::RecordFile file_;
  std::string queue_id_;
  std::string buffer_;
  bool has_time_ = false;
  std::optional<std::string> sender_;
};

}  // namespace

Outcome transfer(const Input& input, const global::Params& params) {
  const std::string path =
      fmt::format("{}/{}", global::service_class::kPublic, params.cleanup_service_name);
  auto socket = util::connect_unix(path, params.ipc_timeout);
  if (!socket) {
    msg::warn("connect to {}: {}", path, socket.error().what);
    return Outcome::Keep;
  }
  Transfer transfer(input, params,
                    Stream(*std::move(socket), path + " socket", params.ipc_timeout));
  const auto reply = transfer.run();
  if (!reply) {
    msg::warn("{}", reply.error().what);
    return reply.error().kind == Error::Kind::Syntax ? Outcome::Remove : Outcome::Keep;
  }
  if (reply->status == cleanup_status::kOk) return Outcome::Remove;
  msg::warn("{}: error writing {}: {}", input.path, transfer.queue_id(),
            reply->reason.empty() ? global::cleanup_status_text(reply->status)
                                  : std::string_view(reply->reason));
  return global::is_hopeless(reply->status) ? Outcome::Remove : Outcome::Keep;
}

}  // namespace handoff::pickup
