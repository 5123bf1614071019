// delivery_report.h - tell everybody concerned what became of a recipient.
//
// The log always; bounce(8) under its names bounce, defer and trace; verify(8) for address probes;
// flush(8) for domains that are served by "sendmail -qR". Which of them, and with which words, is
// as in spec/queue-and-delivery.md 4.2. Each final outcome of a delivery attempt goes through
// exactly one of sent(), bounced() and deferred().
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "global/delivery_log.h"
#include "global/dsn.h"
#include "global/msg_stats.h"
#include "global/params.h"
#include "global/recipient.h"
#include "global/status_call.h"

namespace handoff::global {

struct Report {
  int trace_flags = 0;  // DeliveryRequest::trace_flags()
  std::string_view queue_id;
  const MsgStats& stats;
  const Recipient& recipient;
  std::string_view relay;  // kNoRelay, or "host[address]:port"
  Dsn dsn;

  static constexpr std::string_view kNoRelay = "none";
};

class DeliveryReporter {
 public:
  struct Options {
    StatusService bounce;
    StatusService defer;
    StatusService trace;
    StatusService verify;
    StatusService flush;
    DeliveryLogFormat log;
    bool soft_bounce = false;
    bool verify_negative_cache = true;                 // address_verify_negative_cache
    std::function<bool(std::string_view)> fast_flush;  // is this domain in fast_flush_domains?

    static Options from(const Params& params);
  };
  using Ask = std::function<int(const StatusService&, const std::string& request)>;

  explicit DeliveryReporter(Options options, Ask ask = call_for_status);

  // True: the recipient is settled and may be marked as done. False: try again later.
  bool sent(const Report& report);
  bool bounced(const Report& report);
  bool deferred(const Report& report);

 private:
  bool append(const StatusService& service, const Report& report, const Dsn& dsn);
  bool trace(const Report& report, const Dsn& dsn, std::string_view action);
  bool verify(const Report& report, int state, const Dsn& dsn);
  bool probed(const Report& report, int state, const Dsn& dsn);
  bool bounced_softly(const Report& report, Dsn dsn);
  void flush(const Report& report);
  void log(const Report& report, const Dsn& dsn, std::string_view word);

  Options options_;
  Ask ask_;
};

}  // namespace handoff::global
