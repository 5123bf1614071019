// session_store.h - the connection cache as one delivery request uses it (spec/smtp-client.md 2).
//
// A session can be found by the request's next-hop and by the address of a server. What is found
// has been probed: it is alive at this moment. The next-hop is good for one session: the first one
// with a server that is not in trouble, which is saved under it; later ones of the same request
// are saved by address only.
#pragma once

#include <optional>
#include <string>

#include "global/params.h"
#include "global/session_cache.h"
#include "smtp/cache_entry.h"
#include "smtp/session.h"

namespace handoff::smtp {

class SessionStore {
 public:
  struct Policy {
    bool load = false;
    bool store = false;
    [[nodiscard]] bool any() const { return load || store; }
  };

  // `cache` may be null; what is referred to must outlive the store.
  SessionStore(global::SessionCache* cache, const global::Params& params, LabelScope scope);

  // Once for a request that has a server at all. `next_hop`: the first element, verbatim.
  void begin(Policy policy, const std::string& next_hop);
  [[nodiscard]] bool loads() const { return cache_ != nullptr && policy_.load; }
  [[nodiscard]] bool has_next_hop() const { return !next_hop_.empty(); }

  // Until when a connection that is made now may be cached.
  [[nodiscard]] SessionLife life_of_new_session() const;

  // `server` says what is being looked for; its next-hop element and port count, and, by address,
  // host and address.
  std::optional<Session> find_by_next_hop(const Server& server);
  std::optional<Session> find_by_address(const Server& server);

  // Has it been used for long or often enough?
  [[nodiscard]] bool worn_out(const SessionState& session) const;
  // The end of a session's use: it is saved, or closed with or without a word.
  void release(Session session);

 private:
  std::optional<Session> revive(const Server& server, std::string_view destination,
                                global::Session found, std::string_view label);
  void save(Session session);

  global::SessionCache* cache_;
  const global::Params& params_;
  LabelScope scope_;
  Policy policy_;
  std::string next_hop_;  // empty once it has been used up
};

}  // namespace handoff::smtp
