// session_cache_clnt.h - the cache of all processes: asks an scache(8) server.
//
// Connects on first use and keeps the connection for a while. Each operation waits for the server,
// within a time limit, and gets two attempts with a pause in between; then caching is off until
// `retry_after` has passed, so that a server that does not answer costs a delivery nothing (the
// original gives up for the rest of the process's life). While it is off nothing is found, and
// what is saved is closed. A connection that the server has closed in the meantime is replaced at
// once, without pause and without a word.
//
// Times to live travel in whole seconds, rounded up.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "global/session_cache.h"
#include "util/result.h"

namespace handoff::global {

class ClientSessionCache final : public SessionCache {
 public:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::milliseconds;

  // A limit of 0 is no limit.
  struct Options {
    std::string service;                         // "private/scache", relative to the queue
    Duration timeout = std::chrono::seconds(5);  // for each wait
    Duration idle_limit = std::chrono::seconds(5);
    Duration lifetime_limit = std::chrono::seconds(1000);
    Duration pause = std::chrono::seconds(1);  // before the second attempt
    Duration retry_after = std::chrono::seconds(60);
    std::function<Clock::time_point()> now = Clock::now;
    // How to get a connection; empty: connect to `service`.
    std::function<util::Result<util::UniqueFd>()> connect = nullptr;
    // Called before each wait for the server; where that runs in the same process it gets its turn.
    std::function<void()> before_wait = [] {};
  };

  explicit ClientSessionCache(Options options);
  ~ClientSessionCache() override;

  void save_endpoint(std::string_view label, Session session, Ttl ttl) override;
  std::optional<Session> find_endpoint(std::string_view label) override;
  void save_destination(std::string_view label, const Binding& binding, Ttl ttl) override;
  std::optional<DestinationHit> find_destination(std::string_view label) override;
  // The server has the numbers: always 0.
  [[nodiscard]] Size size() const override { return {}; }

  // For between deliveries: closes the connection to the server when it has been idle, or has
  // lived, for too long. Returns when to ask again; nothing when there is no connection.
  std::optional<Duration> tidy();

 private:
  class Channel;
  enum class Operation { SaveEndpoint, Other };

  template <typename Exchange>
  bool talk(Operation operation, Exchange exchange);
  bool connect();
  [[nodiscard]] bool disabled();
  void disable();

  const Options options_;
  std::unique_ptr<Channel> channel_;
  std::optional<Clock::time_point> disabled_since_;
};

}  // namespace handoff::global
