// delivery.h - one delivery request, over all its next-hops and their servers.
//
// Which servers are tried, and in which order, with which sessions, and what is left in the end:
// spec/smtp-client.md 1.5, 1.6 and 2.4.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "global/delivery_agent.h"
#include "global/delivery_report.h"
#include "global/params.h"
#include "global/session_cache.h"
#include "smtp/capabilities.h"
#include "smtp/connector.h"
#include "smtp/next_hop.h"
#include "smtp/recipient_ledger.h"
#include "smtp/route.h"
#include "smtp/session.h"
#include "smtp/session_store.h"

namespace handoff::smtp {

// What all requests of a process share.
struct Context {
  std::string service;
  const global::Params& params;
  global::DeliveryReporter& reporter;
  Router& router;
  global::SessionCache* cache = nullptr;  // null: connections are not cached
  DiscardedKeywords discarded;
  ConnectSettings connect;
  PortNames ports;
  // smtp_connection_cache_destinations, for a bare name.
  std::function<bool(const std::string&)> always_cached;
};

class Delivery {
 public:
  // Both must outlive it.
  Delivery(Context& context, global::DeliveryJob& job);

  global::DeliveryReply run();

 private:
  struct Place {  // of an element within the list
    bool first = false;
    bool last = false;  // no other will be tried
    bool fallback = false;
  };
  struct Budget {  // what has been used up for one element
    int addresses = 0;
    int sessions = 0;
  };

  void try_element(const std::string& element, Place& place);
  void try_servers(const NextHop& hop, Route& route, bool last_element);
  Budget reuse_sessions(const NextHop& hop, std::vector<Candidate>& candidates, bool last_element);
  void count_reuse(Budget& budget, const Server& server, std::vector<Candidate>& candidates);
  std::optional<Session> connect(const Server& server, const Candidate& candidate);

  // False: mail could not even be offered.
  bool shake_hands(Session& session, bool last_chance);
  void deliver(Session& session, bool last_chance);
  void end(Session session, bool went_well);

  void give_up(const Place& place);
  [[nodiscard]] SessionStore::Policy policy(const std::string& element) const;
  [[nodiscard]] std::string log_prefix(const Session& session) const;
  [[nodiscard]] RecipientLedger::Relay relay(const Session& session, bool last_chance) const;
  [[nodiscard]] static Server server_of(const NextHop& hop, const Candidate& candidate);
  [[nodiscard]] bool done() const { return ledger_.all_settled(); }

  Context& context_;
  global::DeliveryJob& job_;
  RecipientLedger ledger_;
  SessionStore store_;
  std::set<std::string> used_addresses_;  // of sessions from the cache
  global::Dsn failure_;                   // of the last server that could not be used
};

}  // namespace handoff::smtp
