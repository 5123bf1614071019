// session.h - a conversation with a server that is going on: what is known of it, and its stream.
#pragma once

#include <string>

#include "smtp/session_state.h"
#include "util/stream.h"
#include "util/unique_fd.h"

namespace handoff::smtp {

struct Session {
  Session(SessionState known, util::UniqueFd connection)
      : state(std::move(known)),
        stream(std::move(connection), state.server.name_and_port(), std::chrono::seconds(1)) {}

  SessionState state;
  util::Stream stream;  // each dialogue sets its own time limits
};

}  // namespace handoff::smtp
