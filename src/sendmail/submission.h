// submission.h - one message, from standard input into the maildrop queue.
#pragma once

#include <string>

#include "global/params.h"
#include "sendmail/options.h"

namespace handoff::sendmail {

// The exit status: 0 when the message is on disk, else one of sysexits.h.
int submit(const Options& options, const global::Params& params);

}  // namespace handoff::sendmail
