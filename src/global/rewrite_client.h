// rewrite_client.h - ask trivial-rewrite(8): what is this address in full, and where does it go?
//
// The connection is kept open between requests for `idle` at rest and `lifetime` in all, and is
// checked before each use, since the server may have closed it. Whatever goes wrong is tried again
// with a pause in between, up to `patience` (stock: for ever): the caller then says "try again
// later". The latest answer of each kind is remembered for a moment (spec/queue-and-delivery.md 8).
//
// These calls block. Programs on the event loop speak the messages of rewrite_messages.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "global/rewrite_messages.h"
#include "util/result.h"
#include "util/stream.h"

namespace handoff::global {

class RewriteClient {
 public:
  using Duration = std::chrono::milliseconds;

  struct Options {
    std::string socket_path = "private/rewrite";
    Duration io_limit = std::chrono::seconds(3600);  // ipc_timeout
    Duration idle = std::chrono::seconds(5);         // ipc_idle
    Duration lifetime = std::chrono::seconds(1000);  // ipc_ttl
    Duration patience = std::chrono::seconds(600);   // for one call, retries included
    Duration pause = std::chrono::seconds(1);        // between attempts
    Duration remember = std::chrono::seconds(30);
  };

  explicit RewriteClient(Options options);

  // `rule` is rewrite_context::kLocal or kRemote; both forms of the address are external (quoted).
  util::Result<std::string> rewrite(std::string_view rule, std::string_view address);
  // Both addresses in internal form. `request` is rewrite_request::kResolve, or kVerify for probes.
  util::Result<Resolution> resolve(std::string_view request, std::string_view sender,
                                   std::string_view address);

 private:
  using Clock = std::chrono::steady_clock;
  template <typename Answer>
  struct Remembered {
    std::string key;
    Answer answer;
    Clock::time_point until;
  };

  template <typename Reply, typename Request>
  util::Result<Reply> ask(const Request& request);
  template <typename Reply, typename Request>
  util::Result<Reply> ask_once(const Request& request);
  util::Status connect();
  void drop_stale_connection();

  Options options_;
  std::optional<util::Stream> server_;
  Clock::time_point connected_at_;
  std::optional<Remembered<std::string>> rewritten_;
  std::optional<Remembered<Resolution>> resolved_;
};

}  // namespace handoff::global
