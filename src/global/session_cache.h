// session_cache.h - open sessions kept for whoever needs the same server, or domain, next.
//
// A cache knows two things, which live and expire independently. An *endpoint* (the address of a
// server, as a label) has idle sessions. A *destination* (a domain or next-hop, as a label) has
// bindings to endpoint labels, whether those endpoints have sessions at the moment or not. Labels
// and properties are text without NUL that only the owner of the sessions understands; labels
// are compared byte for byte.
//
// Three implementations: session_cache_multi.h (any number of everything, the heart of scache(8)),
// session_cache_single.h (room for one) and session_cache_clnt.h (asks an scache(8) server).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "util/unique_fd.h"

namespace handoff::global {

// An idle session: its connection, and what its owner wants to know when it comes back.
struct Session {
  std::string property;
  util::UniqueFd connection;
  // What the remote end is told before a session that nobody took is closed; often empty.
  std::string farewell = {};
};

// One of a destination's servers. Looked at during the call only.
struct Binding {
  std::string_view property;  // what the owner wants to know about this server for the destination
  std::string_view endpoint;  // the endpoint's label
};

struct DestinationHit {
  std::string property;  // the binding's
  Session session;
};

class SessionCache {
 public:
  // A time to live is at least 1 ms; anything less is a bug of the caller.
  using Ttl = std::chrono::milliseconds;

  struct Size {
    std::size_t destinations = 0;  // labels with at least one binding
    std::size_t endpoints = 0;     // labels with at least one session
    std::size_t sessions = 0;
    friend bool operator==(const Size&, const Size&) = default;
  };

  SessionCache() = default;
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;
  virtual ~SessionCache() = default;

  // Takes the session, whatever happens: when it cannot be kept it is closed. Sessions of one
  // endpoint are never merged.
  virtual void save_endpoint(std::string_view label, Session session, Ttl ttl) = 0;

  // Gives away the endpoint's oldest session; the caller alone has it then.
  virtual std::optional<Session> find_endpoint(std::string_view label) = 0;

  // Remembers a binding, behind the ones that are already there; a binding that is there already
  // (same property, same endpoint) keeps its place and gets the new time to live.
  virtual void save_destination(std::string_view label, const Binding& binding, Ttl ttl) = 0;

  // Gives away a session of the first of the destination's servers that has any. The bindings
  // stay as they are.
  virtual std::optional<DestinationHit> find_destination(std::string_view label) = 0;

  // A binding and a session of its endpoint, which often come together; in this order.
  virtual void save(std::string_view destination, const Binding& binding, Session session,
                    Ttl ttl) {
    save_destination(destination, binding, ttl);
    save_endpoint(binding.endpoint, std::move(session), ttl);
  }

  [[nodiscard]] virtual Size size() const = 0;
};

}  // namespace handoff::global
