// router.h - from the recipients of a message to delivery requests.
//
// Each recipient gets a transport and a next-hop (from the content filter, or from
// trivial-rewrite(8)), or the transport "retry" or "error" with a text in place of the next-hop
// where it cannot be delivered now, or ever; then recipients with the same way are put together
// (spec/queue-and-delivery.md 5.5).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "global/address_extension.h"
#include "global/recipient.h"
#include "qmgr/dispatcher.h"
#include "qmgr/message.h"
#include "qmgr/resolver_client.h"

namespace handoff::qmgr {

class Router {
 public:
  struct Options {
    std::string myhostname;
    std::string default_filter_nexthop;
    std::string double_bounce_sender;
    global::ExtensionRules extensions;
    std::vector<std::string> defer_transports;
    std::size_t probe_limit = 5000;  // address_verify_pending_request_limit
  };
  struct Result {
    Entries entries;  // not yet with the dispatcher
    // Undeliverable notices about undeliverable notices: to be logged, marked and forgotten.
    std::vector<global::Recipient> discarded;
  };
  using Done = std::function<void(Result)>;

  Router(ResolverClient& resolver, Dispatcher& dispatcher, Options options);

  // `message` must not go away before `done` was called (which may be from within).
  void route(Message& message, std::vector<global::Recipient> recipients, Done done);
  // Until it is over, defer_transports does not apply.
  void set_flushing(bool flushing) { flushing_ = flushing; }
  void set_probes(std::size_t probes) { probes_ = probes; }

  // The name of the queue that such mail waits in.
  [[nodiscard]] std::string queue_name(const Transport& transport, const std::string& nexthop,
                                       const std::string& recipient) const;

 private:
  struct Way {
    std::string transport;
    std::string nexthop;
  };
  struct Job {
    Message& message;
    std::vector<global::Recipient> recipients;
    std::vector<Way> ways;  // of the recipients so far
    std::vector<global::Recipient> discarded;
    std::size_t next = 0;
    Done done;
  };
  using JobPtr = std::shared_ptr<Job>;

  void go_on(const JobPtr& job);
  void take(Job& job, const global::Resolution& resolution);
  [[nodiscard]] Way filter_way(const Message& message, const global::Recipient& recipient) const;
  [[nodiscard]] Way way_of(const Message& message, const global::Resolution& resolution) const;
  [[nodiscard]] bool is_double_bounce(const global::Resolution& resolution) const;
  void finish(Job& job);
  Destination& destination_for(const Message& message, const Way& way,
                               const global::Recipient& recipient);
  [[nodiscard]] std::size_t recipient_limit(const Message& message,
                                            const Transport& transport) const;

  ResolverClient& resolver_;
  Dispatcher& dispatcher_;
  Options options_;
  bool flushing_ = false;
  std::size_t probes_ = 0;
};

// "4.3.2 deferred transport": what agents of the transports error and retry split again.
std::string as_nexthop(const global::Dsn& dsn);

}  // namespace handoff::qmgr
