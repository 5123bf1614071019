// dgram_server.h - a daemon that gets datagrams and answers none (service type unix-dgram).
//
// Nothing that was sent before the process leaves is lost: it empties the socket first, also when
// the whole mail system is stopped (SIGTERM).
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "global/mail_log.h"
#include "service/process.h"

namespace handoff::service {

class DgramService : public Application {
 public:
  // At most 4096 bytes.
  virtual void on_datagram(std::string_view datagram) = 0;
};

using MakeDgramService = std::function<std::unique_ptr<DgramService>(Process&)>;

// `log`: postlogd's own lines go straight to the log file.
int run_dgram_server(int argc, char** argv, const Needs& needs, const MakeDgramService& make,
                     global::LogRole log = global::LogRole::Daemon);

}  // namespace handoff::service
