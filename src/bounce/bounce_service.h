// bounce_service.h - the requests of bounce, defer and trace, one client at a time.
//
// Appending to the log of a message works. What is to be made of a log (non-delivery reports,
// delay warnings, delivery reports) is declined: the queue manager then keeps the message in the
// deferred queue and asks again, so nothing is lost.
#pragma once

#include <string>
#include <string_view>

#include "bounce/status_log.h"
#include "global/bounce_messages.h"
#include "global/mail_queue.h"
#include "service/single_server.h"

namespace handoff::bounce {

class BounceService final : public service::SingleService {
 public:
  explicit BounceService(service::Process& process);

  void serve(service::Connection client) override;

  // The status to answer with.
  [[nodiscard]] int answer(std::string_view list) const;

 private:
  [[nodiscard]] int append(std::string_view list) const;
  template <typename Message>
  [[nodiscard]] int decline(std::string_view list, std::string_view what) const;
  [[nodiscard]] int decline(const global::BounceFlush& request, std::string_view what) const;

  std::string service_;
  std::string peer_name_;
  std::chrono::milliseconds limit_;
  global::MailQueue queue_;
  LogFormat format_;
  LockPatience patience_;
};

}  // namespace handoff::bounce
