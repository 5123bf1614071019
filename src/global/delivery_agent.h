// delivery_agent.h - the agent's side of a delivery request, whatever it does with the message.
//
// Announces itself, reads the request, opens and locks the queue file, lets the agent deliver,
// answers, and waits for the queue manager to hang up (spec/queue-and-delivery.md 2 and 4.1). The
// lock keeps a restarted queue manager from delivering the message a second time, so it is held
// until the end.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "global/delivery_report.h"
#include "global/delivery_request.h"
#include "global/mail_queue.h"
#include "util/unique_fd.h"

namespace handoff::global {

// What an agent works on.
struct DeliveryJob {
  DeliveryRequest request;
  std::string path;  // of the queue file, for the log
  util::UniqueFd queue_file;

  // Each reports, and, when that was possible, marks the recipient in the queue file so that
  // nobody delivers to it again. True when the recipient is settled.
  bool sent(DeliveryReporter& reporter, const Recipient& recipient, std::string_view relay,
            const Dsn& dsn);
  bool bounced(DeliveryReporter& reporter, const Recipient& recipient, std::string_view relay,
               const Dsn& dsn);
  bool deferred(DeliveryReporter& reporter, const Recipient& recipient, std::string_view relay,
                const Dsn& dsn);

 private:
  [[nodiscard]] Report report(const Recipient& recipient, std::string_view relay,
                              const Dsn& dsn) const;
  void mark_done(const Recipient& recipient);
};

struct DeliveryAgentOptions {
  std::string service;                                           // for the log, as "SERVICE socket"
  std::chrono::milliseconds limit = std::chrono::seconds(3600);  // ipc_timeout
};

using Deliver = std::function<DeliveryReply(DeliveryJob& job)>;

// One request, from the announcement to the end. Left alone are, with a warning, a message that is
// not there or that a queue manager is looking at, and a message whose manager has hung up before
// the lock was there: its successor delivers that, and with stock's agents it comes twice. A queue
// file that cannot be opened for another reason ends the process (msg::fatal), as it does with
// stock agents: the system backs off.
void serve_delivery(util::UniqueFd client, const DeliveryAgentOptions& options,
                    const MailQueue& queue, const Deliver& deliver);

}  // namespace handoff::global
