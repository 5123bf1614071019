// resolver_client.h - ask trivial-rewrite(8) where mail goes, without waiting for it.
//
// Questions are asked one after another on a connection that is kept open. What goes wrong is
// tried again, a second later, for ever: mail is not deferred because a helper is being
// restarted; deliveries that are under way go on meanwhile.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "global/rewrite_messages.h"
#include "util/list_connection.h"
#include "util/scheduler.h"

namespace handoff::qmgr {

class ResolverClient {
 public:
  using Done = std::function<void(const global::Resolution&)>;

  struct Options {
    std::string socket_path = "private/rewrite";
    std::chrono::milliseconds limit = std::chrono::seconds(60);       // qmgr_ipc_timeout
    std::chrono::milliseconds idle = std::chrono::seconds(5);         // ipc_idle
    std::chrono::milliseconds lifetime = std::chrono::seconds(1000);  // ipc_ttl
    std::chrono::milliseconds pause = std::chrono::seconds(1);
    std::chrono::milliseconds remember = std::chrono::seconds(30);
  };

  ResolverClient(util::Scheduler& scheduler, Options options);

  // The answer to the latest question, if this is it.
  [[nodiscard]] const global::Resolution* remembered(const global::ResolveRequest& request) const;
  // `done` is never called from within.
  void resolve(global::ResolveRequest request, Done done);

 private:
  struct Question {
    std::string request;  // encoded
    Done done;
  };

  void ask();
  bool connect();
  void on_list(std::string_view list);
  bool on_announcement(std::string_view list);
  void on_answer(std::string_view list);
  void fail(std::string_view why);
  void disconnect();

  util::Scheduler& scheduler_;
  Options options_;
  std::deque<Question> questions_;  // the first one may be on its way
  bool asked_ = false;
  bool announced_ = false;
  int failures_ = 0;
  std::unique_ptr<util::ListConnection> server_;
  std::unique_ptr<util::ListConnection> discarded_;  // not destroyed within its own call
  util::Scheduler::TimePoint connected_at_;
  util::Timer retry_;
  util::Timer idle_;
  std::string remembered_request_;
  global::Resolution remembered_;
  util::Scheduler::TimePoint remembered_until_;
};

}  // namespace handoff::qmgr
