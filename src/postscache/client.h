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

  // Each waits for the answer, some seconds at most. When the process that gave the last one has
  // been replaced, the next process is asked; NotFound when there is none.
  util::Result<global::scache::StatisticsReply> statistics();
  util::Result<global::CacheSnapshot> contents();
  util::Result<global::scache::FlushReply> flush(const std::string& pattern);

 private:
  Client(std::string path, util::UniqueFd socket)
      : path_(std::move(path)), socket_(std::move(socket)) {}
  struct Reply {
    std::string list;
    util::UniqueFd attached;
  };
  template <typename Request>
  util::Result<Reply> ask(const Request& request);
  template <typename Request>
  util::Result<Reply> ask_once(const Request& request);

  std::string path_;
  util::UniqueFd socket_;
  bool answered_ = false;  // by the present process
};

}  // namespace handoff::postscache
