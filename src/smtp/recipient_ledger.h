// recipient_ledger.h - the recipients of a request: who is settled, who is for the next server.
//
// Turns outcomes into reports, decides whether a failure that may pass is worth another server, and
// knows what to answer to the queue manager (spec/smtp-client.md 3.9 and 1.6).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "global/delivery_agent.h"
#include "smtp/dialogue.h"

namespace handoff::smtp {

class RecipientLedger {
 public:
  // Both must outlive the ledger. `soft_bounce`: permanent failures are worth another server too.
  RecipientLedger(global::DeliveryJob& job, global::DeliveryReporter& reporter, bool soft_bounce);

  struct Relay {
    std::string name;              // for the log
    bool reports_success = false;  // does DSN, so success is its business (RFC 3461, 5.2)
    bool last_chance = false;      // no other server will be tried
  };

  // Recipients for the next server, as indices into the request's.
  [[nodiscard]] std::vector<std::size_t> open() const;
  [[nodiscard]] bool all_settled() const;

  void apply(const std::vector<Outcome>& outcomes, const Relay& relay);
  // What was kept for the next server is open again.
  void end_session(bool went_well);
  // No server is left. `failure` is why the last one could not be used.
  void give_up(const global::Dsn& failure);

  [[nodiscard]] global::DeliveryReply reply() const { return reply_; }

 private:
  enum class State { Open, Kept, Settled };

  void send(std::size_t recipient, const global::Dsn& dsn, const Relay& relay);
  void fail(std::size_t recipient, const global::Dsn& dsn, const Relay& relay);
  void fail_all(const Outcome& outcome, const Relay& relay);
  [[nodiscard]] bool worth_another_server(const global::Dsn& dsn, const Relay& relay) const;
  void blame_site(const global::Dsn& dsn);

  global::DeliveryJob& job_;
  global::DeliveryReporter& reporter_;
  bool soft_bounce_;
  std::vector<State> states_;
  global::DeliveryReply reply_;
  bool site_proven_ = false;  // a session of this request has gone well
};

}  // namespace handoff::smtp
