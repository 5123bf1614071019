// client.h - asks a running scache(8) what it has (global/scache_inspection_proto.h).
#pragma once

#include <string>

#include "global/cache_snapshot.h"
#include "global/scache_inspection_proto.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::postscache {

class Client {
 public:
  // `path`: the second socket. NotFound when nobody listens there.
  static util::Result<Client> connect(const std::string& path);

  // Each waits for the answer, some seconds at most.
  util::Result<global::scache::StatisticsReply> statistics();
  util::Result<global::CacheSnapshot> contents();
  util::Result<global::scache::FlushReply> flush(const std::string& pattern);

 private:
  explicit Client(util::UniqueFd socket) : socket_(std::move(socket)) {}
  struct Reply {
    std::string list;
    util::UniqueFd attached;
  };
  template <typename Request>
  util::Result<Reply> ask(const Request& request);

  util::UniqueFd socket_;
};

}  // namespace handoff::postscache
