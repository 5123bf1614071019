// queue_manager.h - the queue manager's main business: mail in, requests out, outcomes evaluated.
//
// Puts the parts together; each is described in its own header. Everything happens on the event
// loop: nothing waits for an agent, a resolver or a bounce daemon.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "global/delivery_report.h"
#include "global/mail_queue.h"
#include "global/params.h"
#include "global/status_call.h"
#include "qmgr/agent_pool.h"
#include "qmgr/dispatcher.h"
#include "qmgr/finisher.h"
#include "qmgr/flow_tokens.h"
#include "qmgr/intake.h"
#include "qmgr/resolver_client.h"
#include "qmgr/router.h"
#include "qmgr/scans.h"
#include "util/scheduler.h"

namespace handoff::qmgr {

class QueueManager {
 public:
  // All must outlive this.
  QueueManager(util::Scheduler& scheduler, const global::Config& config,
               const global::Params& params);

  // Takes over what a predecessor had in hand and begins to look for mail.
  void start();
  void on_trigger(std::string_view requests);

 private:
  void wake();
  void work();
  bool import_some();
  bool import(const Scans::Found& found);
  void on_routed(Message& message, Router::Result result);
  void hand_over(Message& message, Entries entries);
  void discard(Message& message, const global::Recipient& recipient);

  void on_done(std::unique_ptr<Entry> entry, const global::DeliveryReply* reply);
  void on_transport_failure(Transport& transport, const global::Dsn& why);
  void retry_later(Entries entries, const global::Dsn& why);
  void defer_directly(std::unique_ptr<Entry> entry, const global::Dsn& why);
  void finish_entry(const Entry& entry, bool deferred);
  void on_finished(Message& message, Finisher::Result result);
  void refill(Message& message);
  void refill_if_low(Message& message, const TransportSettings& limits);
  int begin_call(const global::StatusService& service, const std::string& request);

  void scan_deferred();
  void look_again(std::int64_t due);
  [[nodiscard]] std::size_t free_recipients() const;

  util::Scheduler& scheduler_;
  const global::Params& params_;
  const std::size_t message_limit_;
  const std::size_t recipient_limit_;
  global::MailQueue queue_;
  Dispatcher dispatcher_;
  ResolverClient resolver_;
  Router router_;
  Intake intake_;
  AgentPool agents_;
  Finisher finisher_;
  Scans scans_;
  FlowTokens flow_;
  global::DeliveryReporter reporter_;

  // Until everything about them is done; also those whose way is being looked up.
  std::map<std::string, std::unique_ptr<Message>> messages_;
  std::map<std::string, util::UniqueFd> locks_;  // of messages whose way is being looked up
  std::size_t recipients_ = 0;                   // in memory
  std::size_t probes_ = 0;
  std::list<std::unique_ptr<global::StatusCall>> calls_;
  util::Timer pass_;
  util::Timer next_deferred_scan_;
  util::Timer next_incoming_scan_;
  std::int64_t next_incoming_due_ = 0;  // what that timer is for
};

}  // namespace handoff::qmgr
