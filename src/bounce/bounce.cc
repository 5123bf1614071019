// NAME
//     bounce - delivery status reports
//
// SYNOPSIS
//     bounce [generic daemon options]
//
// DESCRIPTION
//     The bounce daemon keeps a log of delivery status for each message, and runs under three
//     service names, bounce, defer and trace, each with logs of its own in the queue directory
//     of that name. The log of a message in "defer" is also what mailq(1) shows as the reason why
//     a message is delayed.
//
//     Appending to a log is complete. Sending reports to the sender (non-delivery, delay, delivery
//     status) is not there yet: such requests are declined, so the message stays in the deferred
//     queue and nothing gets lost.
//
//     Under the service names dump_templates and expand_templates it prints the templates of such
//     reports, for "postconf -t" and "postconf -b"; bounce(5) tells what they are.
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
//     @parameters except enable_long_queue_ids
//
// SEE ALSO
//     qmgr(8), master(8), bounce(5), postconf(1), postconf(5)

#include "bounce/bounce_service.h"
#include "bounce/template_display.h"
#include "service/programs.h"

namespace {

using namespace handoff;

std::unique_ptr<service::SingleService> make_service(service::Process& process) {
  if (bounce::TemplateDisplay::is_name(process.name()))
    return std::make_unique<bounce::TemplateDisplay>(process);
  return std::make_unique<bounce::BounceService>(process);
}

}  // namespace

int main(int argc, char** argv) {
  return service::run_single_server(argc, argv, service::kBounce.needs, make_service);
}
