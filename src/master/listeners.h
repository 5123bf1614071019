// listeners.h - opens what a service listens on (spec/master.md 1.3).
//
// UNIX-domain sockets and fifos belong to the mail owner and are open to everybody who gets into
// their directory. Relative to the queue directory, which must be the current one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "global/mail_owner.h"
#include "master/endpoint.h"
#include "master/master_cf.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::master {

// Non-blocking and close-on-exec, in the order of the addresses.
util::Result<std::vector<util::UniqueFd>> open_listeners(ServiceType type, const Endpoint& endpoint,
                                                         int backlog,
                                                         const global::MailOwner& owner);

// A path that a service is about to listen on, for as long as the plan may still be dropped: then
// the running service that had it gets it back, and where nobody had it nothing is left.
class PathClaim {
 public:
  // `in_use`: a running service listens there; its socket is moved aside, and clients that have
  // connected stay with it.
  static util::Result<PathClaim> on(const std::string& path, bool in_use,
                                    const global::MailOwner& owner);
  PathClaim(PathClaim&& other) noexcept = default;
  PathClaim& operator=(PathClaim&&) = delete;
  ~PathClaim();

  // For good.
  void keep();

 private:
  struct Claim {
    std::string path;
    std::string aside;  // empty: nobody was there
    global::MailOwner owner;
  };
  explicit PathClaim(Claim claim) : claim_(std::make_unique<Claim>(std::move(claim))) {}

  std::unique_ptr<Claim> claim_;  // until it is kept
};

// Acts as the mail owner as long as it lives; without root it does nothing.
class AsOwner {
 public:
  explicit AsOwner(const global::MailOwner& owner);
  ~AsOwner();
  AsOwner(const AsOwner&) = delete;
  AsOwner& operator=(const AsOwner&) = delete;

 private:
  bool switched_;
};

}  // namespace handoff::master
