// finisher.h - what happens to a message when all its requests have come back.
//
// Failures are reported to the sender, what must be tried again goes to the deferred queue, what is
// done is removed (spec/queue-and-delivery.md 5.10). A report that cannot be made now keeps the
// message in the queue, so that it will be made later.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "global/log_address.h"
#include "global/mail_queue.h"
#include "global/status_call.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "util/scheduler.h"

namespace handoff::qmgr {

class Finisher {
 public:
  struct Options {
    global::StatusService bounce;
    global::StatusService defer;
    global::StatusService trace;
    std::chrono::seconds queue_lifetime{432'000};         // maximal_queue_lifetime
    std::chrono::seconds bounce_queue_lifetime{432'000};  // for the null sender
    std::chrono::seconds minimal_backoff{300};
    std::chrono::seconds maximal_backoff{4000};
    bool verp_bounces = true;
    global::AddressForm log_form = global::AddressForm::External;
  };
  using WallClock = std::function<std::int64_t()>;
  enum class Result {
    Gone,       // removed, deferred or put aside: no longer ours
    HasUnread,  // more recipients wait in the file
  };
  // May be called from within finish().
  using Done = std::function<void(Message&, Result)>;

  Finisher(util::Scheduler& scheduler, const global::MailQueue& queue, Intake& intake,
           WallClock clock, Options options, Done done);

  void finish(Message& message);

 private:
  using Next = void (Finisher::*)(Message&);

  // In this order.
  void report_failures(Message& message);
  void check_corruption(Message& message);
  void report_trace(Message& message);
  void report_age(Message& message);
  void settle(Message& message);

  void on_traced(Message& message, int status);
  void expire(Message& message);
  void warn(Message& message);
  void ask(Message& message, const global::StatusService& service, std::string request,
           std::function<void(int status)> then);
  [[nodiscard]] bool expired(const Message& message) const;
  [[nodiscard]] bool due_for_warning(const Message& message) const;
  void overwrite(const Message& message, std::int64_t offset, std::string_view bytes);

  util::Scheduler& scheduler_;
  const global::MailQueue& queue_;
  Intake& intake_;
  WallClock clock_;
  Options options_;
  Done done_;
  std::list<std::unique_ptr<global::StatusCall>> calls_;
};

}  // namespace handoff::qmgr
