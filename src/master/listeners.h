// listeners.h - opens what a service listens on (spec/master.md 1.3).
//
// UNIX-domain sockets and fifos belong to the mail owner and are open to everybody who gets into
// their directory. Relative to the queue directory, which must be the current one.
#pragma once

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
