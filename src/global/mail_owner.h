// mail_owner.h - the accounts of an installation, checked the way every daemon does at start.
//
// Root runs daemons as mail_owner, which must be an account of its own. Without root ("rootless")
// the mail owner is the current user and identities are not checked; but set-gid commands check
// them for everybody.
#pragma once

#include <sys/types.h>

#include <string>

#include "global/config.h"
#include "global/params.h"
#include "util/result.h"

namespace handoff::global {

struct MailOwner {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;

  friend bool operator==(const MailOwner&, const MailOwner&) = default;
};

// Whether this process can change users, so that privileges mean something.
bool rootless();

// Start-up checks common to all programs: accounts, host names, myorigin, relayhost. Logs a warning
// with file and line before it fails.
MailOwner check_installation(const Config& config, const Params& params);
util::Result<MailOwner> try_check_installation(const Config& config, const Params& params);

}  // namespace handoff::global
