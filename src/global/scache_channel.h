// scache_channel.h - a client's connection to scache(8), for one exchange after the other.
//
// There are two kinds, for the two sockets of the server: stock's scache(8) has the first one only,
// where a save of a session takes two round trips, and a hit as well; on the second one everything
// takes one. An exchange waits for the server, within the time limit; an error means that the
// connection is of no use anymore.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "global/mail_proto.h"
#include "global/session_cache_clnt.h"
#include "util/pass_fd.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::global {

class ScacheChannel {
 public:
  using Options = ClientSessionCache::Options;
  using Clock = ClientSessionCache::Clock;
  using Ttl = SessionCache::Ttl;

  // What has been saved, and the server's word on it.
  struct Saved {
    ScacheStatus status = ScacheStatus::Failed;
    bool with_session = false;
  };

  // The socket is in blocking mode, with time limits set once: each exchange costs one system call
  // to send and one to receive. `options` must outlive the channel.
  ScacheChannel(util::UniqueFd socket, const Options& options);
  virtual ~ScacheChannel() = default;
  ScacheChannel(const ScacheChannel&) = delete;
  ScacheChannel& operator=(const ScacheChannel&) = delete;

  // What the server says first, once.
  virtual util::Status greet() = 0;

  virtual util::Result<ScacheStatus> save_endpoint(std::string_view label, const Session& session,
                                                   Ttl ttl) = 0;
  virtual util::Result<ScacheStatus> save_destination(std::string_view label,
                                                      const Binding& binding, Ttl ttl) = 0;
  // The binding, and the session along with it where the protocol can do that.
  virtual util::Result<Saved> save(std::string_view destination, const Binding& binding,
                                   const Session& session, Ttl ttl) = 0;
  virtual util::Result<std::optional<Session>> find_endpoint(std::string_view label) = 0;
  virtual util::Result<std::optional<DestinationHit>> find_destination(std::string_view label) = 0;

  // Has the server said anything since?
  void begin_exchange() { heard_ = false; }
  [[nodiscard]] bool heard() const { return heard_; }

  const Clock::time_point opened;
  Clock::time_point used;

 protected:
  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] const Options& options() const { return options_; }
  util::Result<util::Received> receive(std::span<char> buffer);
  // "Connection timed out" for what the time limit does.
  static util::Error failure(const util::Error& error);
  // "Application error" in the log, for what has no errno.
  static util::Error without_errno(std::string what);

 private:
  const Options& options_;
  util::UniqueFd socket_;
  bool heard_ = false;
};

// A connection to the first socket (spec/ipc.md 4). Where greet() gets another protocol's name that
// has been logged, and the error is Syntax.
std::unique_ptr<ScacheChannel> first_socket_channel(util::UniqueFd socket,
                                                    const ScacheChannel::Options& options);

// A connection to the second socket (scache_extension_proto.h).
std::unique_ptr<ScacheChannel> second_socket_channel(util::UniqueFd socket,
                                                     const ScacheChannel::Options& options);

}  // namespace handoff::global
