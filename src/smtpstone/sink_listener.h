// sink_listener.h - the test server's listening sockets.
#pragma once

#include <string>
#include <vector>

#include "smtpstone/sink_options.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::smtpstone {

struct SinkListener {
  util::UniqueFd socket;
  std::string name;  // with the real port: "127.0.0.1:25", "[::1]:25", "unix:/path"
};

// Adds a listener for each address that a name stands for.
util::Status open_listeners(const TransportAddress& address, const SinkOptions& options,
                            std::vector<SinkListener>& listeners);

}  // namespace handoff::smtpstone
