// NAME
//   cleanup - receive mail, and put it into the queue
// SYNOPSIS
//   cleanup [generic daemon options]
// DESCRIPTION
//   The cleanup daemon takes each message that enters the mail system, from pickup(8), from
//   Postfix's smtpd(8) or from within, and puts it into the incoming queue as one file; then it
//   tells qmgr(8). The client is told that the message was accepted only when the file is on disk.
//
//   On the way:
//   - addresses in the envelope are completed by trivial-rewrite(8), and those in the header, too,
//     for mail that was submitted locally or with remote_header_rewrite_domain;
//   - headers that local mail lacks are added: Message-Id, Date and From (or their Resent- forms),
//     To according to undisclosed_recipients_header;
//   - headers that must not travel are removed (message_drop_headers);
//   - duplicate recipients are removed;
//   - a copy is made for always_bcc;
//   - the need for 8BITMIME and SMTPUTF8 is noted.
//
//   The file is byte for byte what Postfix 3.7 would have written.
//
//   This version has no header or body checks, no canonical, virtual or BCC tables, no
//   masquerading and no milters: it refuses to start, and no mail is accepted, when one of their
//   parameters is set.
// STANDARDS
//   RFC 2045, 2046 (MIME); RFC 3461 (DSN); RFC 5322 (format); RFC 6531 (SMTPUTF8)
// DIAGNOSTICS
//   Problems are logged to syslogd(8) or postlogd(8). Damaged input, too many hops and messages
//   that are too large are refused, or returned to the sender where the client asks for that.
// CONFIGURATION PARAMETERS
//   Changes to main.cf are picked up when a new process starts, or with "postfix reload".
//
//   @parameters except address_verify_negative_cache, address_verify_service_name,
//   flush_service_name, trace_service_name
// SEE ALSO
//   trivial-rewrite(8), qmgr(8), pickup(8), bounce(8), master(8)

#include <poll.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "cleanup/returned.h"
#include "cleanup/session.h"
#include "cleanup/unsupported.h"
#include "global/cleanup_messages.h"
#include "global/mail_proto.h"
#include "global/mail_queue.h"
#include "global/master_proto.h"
#include "global/rewrite_client.h"
#include "global/trigger.h"
#include "service/programs.h"
#include "service/single_server.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/stream.h"
#include "util/text.h"

namespace handoff::cleanup {
namespace {

using namespace std::chrono_literals;
namespace cleanup_flag = global::cleanup_flag;
namespace queue_name = global::queue_name;
namespace master_proto = global::master_proto;

// Each message takes a token from the queue manager; without one we wait for a moment, so that
// mail does not come in faster than it goes out (spec/queue-and-delivery.md 5.11).
void take_flow_token(std::chrono::milliseconds patience) {
  if (patience <= 0ms) return;
  pollfd tokens{master_proto::kFlowReadFd, POLLIN, 0};
  char token = 0;
  if (poll(&tokens, 1, static_cast<int>(patience.count())) == 1 && (tokens.revents & POLLIN) != 0)
    (void)read(tokens.fd, &token, 1);  // somebody may have been quicker: that is as good as none
}

class Cleanup : public service::SingleService {
 public:
  explicit Cleanup(const service::Process& process)
      : params_(process.params()),
        name_(process.name()),
        queues_(global::MailQueue::Settings::from(params_)),
        rewrite_(rewrite_options(params_)) {
    refuse_unsupported(process.config(), params_);
  }

  void serve(service::Connection client) override {
    take_flow_token(params_.in_flow_delay);
    util::Stream stream(std::move(client.fd), name_ + " socket", params_.ipc_timeout);
    auto file = queues_.create(queue_name::kIncoming);
    if (!file) msg::fatal("{}", file.error().what);
    AddressRewriter rewriter(rewrite_);
    Message message(*std::move(file), params_, rewriter);
    receive(stream, message);
  }

 private:
  static global::RewriteClient::Options rewrite_options(const global::Params& params) {
    global::RewriteClient::Options options;
    options.socket_path = "private/" + params.rewrite_service_name;
    options.io_limit = params.ipc_timeout;
    options.idle = params.ipc_idle;
    options.lifetime = params.ipc_ttl;
    return options;
  }

  void receive(util::Stream& client, Message& message) {
    const global::CleanupAnnouncement announcement{message.queue_id()};
    (void)util::attr0::send(client, announcement);  // the read that follows tells
    Session(client, message).receive();
    const global::SubmissionReply reply{settle(message), ""};
    message.discard();  // unless it was committed
    // A client that has gone keeps the message, or never had all of it.
    if (util::attr0::send(client, reply)) (void)client.flush();
  }

  // What the client is to be told.
  int settle(Message& message) {
    if (message.status() == 0) {
      accept(message);
    } else if (should_return(message)) {
      message.write_out();
      if (return_to_sender(message)) return global::cleanup_status::kOk;
      message.fail(global::cleanup_status::kWriteError);
    }
    return message.status();
  }

  void accept(Message& message) {
    if (message.is_discarded()) return;
    const bool hold = (message.flags & cleanup_flag::kHold) != 0;
    message.commit(queues_, hold ? queue_name::kHold : queue_name::kIncoming);
    if (message.status() == 0 && !hold)
      global::trigger_service(global::service_class::kPublic, params_.queue_service_name,
                              std::string(1, global::trigger_request::kWakeup),
                              params_.trigger_timeout);
  }

  const global::Params& params_;
  std::string name_;
  global::MailQueue queues_;
  global::RewriteClient rewrite_;
};

}  // namespace
}  // namespace handoff::cleanup

int main(int argc, char** argv) {
  using namespace handoff;
  const auto make = [](service::Process& process) {
    return std::make_unique<cleanup::Cleanup>(process);
  };
  return service::run_single_server(argc, argv, service::kCleanup.needs, make);
}
