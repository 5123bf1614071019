// NAME
//     error - delivery agent that delivers nothing
//
// SYNOPSIS
//     error [generic daemon options]
//
// DESCRIPTION
//     The error daemon processes requests whose next-hop is not a host but a text: an optional
//     status code D.S.N (RFC 3463), a blank, and why. Under the service name "retry" it defers all
//     recipients for that reason; under any other name it bounces them.
//
//     The queue manager sends mail this way that it cannot deliver at the moment, and tables may
//     use it to refuse mail ("error:5.1.1 no such user").
//
// SECURITY
//     Not sensitive. It can run chrooted and without privileges.
//
// DIAGNOSTICS
//     Problems and transactions are logged to syslogd(8) or postlogd(8).
//
// CONFIGURATION PARAMETERS
//     Changes to main.cf are picked up when a new process starts, or with "postfix reload".
//
//     @parameters except enable_long_queue_ids, flush_service_name
//
// SEE ALSO
//     qmgr(8), bounce(8), master(8), postconf(5)

#include "global/delivery_agent.h"
#include "global/mail_proto.h"
#include "global/params.h"
#include "service/programs.h"
#include "service/single_server.h"

namespace handoff::error {
namespace {

constexpr std::string_view kPermanent = "5.0.0";
constexpr std::string_view kTransient = "4.0.0";

class ErrorService final : public service::SingleService {
 public:
  explicit ErrorService(service::Process& process)
      : defers_(process.name() == global::transport::kRetry),
        options_{process.name(), process.params().ipc_timeout},
        queue_(global::MailQueue::Settings::from(process.params())),
        reporter_(global::DeliveryReporter::Options::from(process.params())) {}

  void serve(service::Connection client) override {
    global::serve_delivery(std::move(client.fd), options_, queue_,
                           [this](global::DeliveryJob& job) { return deliver(job); });
  }

 private:
  global::DeliveryReply deliver(global::DeliveryJob& job) {
    const global::Dsn dsn =
        global::split_dsn(job.request.nexthop, defers_ ? kTransient : kPermanent);
    global::DeliveryReply reply;
    for (const global::Recipient& recipient : job.request.recipients) {
      const bool settled = defers_
                               ? job.deferred(reporter_, recipient, global::Report::kNoRelay, dsn)
                               : job.bounced(reporter_, recipient, global::Report::kNoRelay, dsn);
      if (!settled) reply.status = global::DeliveryReply::kRetry;
    }
    return reply;
  }

  bool defers_;
  global::DeliveryAgentOptions options_;
  global::MailQueue queue_;
  global::DeliveryReporter reporter_;
};

}  // namespace
}  // namespace handoff::error

int main(int argc, char** argv) {
  using namespace handoff;
  return service::run_single_server(
      argc, argv, service::kError.needs,
      [](service::Process& process) { return std::make_unique<error::ErrorService>(process); });
}
