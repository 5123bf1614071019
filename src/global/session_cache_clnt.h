// session_cache_clnt.h - the cache of all processes: asks an scache(8) server.
//
// Connects on first use and keeps the connection for a while. Each operation waits for the server,
// within a time limit, and gets two attempts with a pause in between; then caching is off until
// `retry_after` has passed, so that a server that does not answer costs a delivery nothing (the
// original gives up for the rest of the process's life). While it is off nothing is found, and
// what is saved is closed. A connection that the server has closed in the meantime is replaced at
// once, without pause and without a word.
//
// Where the server is ours it has a second socket, on which everything takes one round trip, and
// sessions have farewells. It is tried first and without a word; where it is not there the client
// does with the first one. There times to live travel in whole seconds, rounded up.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "global/session_cache.h"
#include "util/result.h"

namespace handoff::global {

class ScacheChannel;

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
    // And one to the second socket; empty: the one beside `service`, or none where there is
    // `connect`.
    std::function<util::Result<util::UniqueFd>()> connect_second = nullptr;
    // Called before each wait for the server; where that runs in the same process it gets its turn.
    std::function<void()> before_wait = [] {};
  };

  explicit ClientSessionCache(Options options);
  ~ClientSessionCache() override;

  void save_endpoint(std::string_view label, Session session, Ttl ttl) override;
  std::optional<Session> find_endpoint(std::string_view label) override;
  void save_destination(std::string_view label, const Binding& binding, Ttl ttl) override;
  std::optional<DestinationHit> find_destination(std::string_view label) override;
  void save(std::string_view destination, const Binding& binding, Session session,
            Ttl ttl) override;
  // The server has the numbers: always 0.
  [[nodiscard]] Size size() const override { return {}; }

  // For between deliveries: closes the connection to the server when it has been idle, or has
  // lived, for too long. Returns when to ask again; nothing when there is no connection.
  std::optional<Duration> tidy();

 private:
  enum class Operation { SaveEndpoint, Other };
  enum class Outcome { Done, Failed, Deserted };
  using Exchange = std::function<util::Status(ScacheChannel&)>;

  bool talk(Operation operation, const Exchange& exchange);
  Outcome try_once(Operation operation, const Exchange& exchange, int& failures_while_connected);
  [[nodiscard]] bool is_desertion(bool reused, const util::Error& error);
  void log_failure(Operation operation, const util::Error& error, bool first_while_connected) const;

  util::Status open();
  bool connect_first();
  bool connect_second();
  void disconnect();
  [[nodiscard]] bool disabled();
  void disable();

  const Options options_;
  const std::string second_socket_;
  std::unique_ptr<ScacheChannel> channel_;
  bool on_second_socket_ = false;     // the channel
  bool second_socket_likely_ = true;  // was there the last time, or has not been tried
  int desertions_ = 0;                // of new connections to the second socket, in a row
  Clock::time_point second_socket_barred_until_ = Clock::time_point::min();
  std::optional<Clock::time_point> disabled_since_;
};

}  // namespace handoff::global
