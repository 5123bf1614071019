// scache_extension.h - the server's half of the extension protocol, with one client
// (scache_extension_proto.h).
//
// Never waits: a packet is served when it comes, the reply is sent at once, and nothing more is
// read from a client until it has room for it. A packet that is no good request gets a status; the
// client stays. For scache(8), and for whoever wants a server in its own process.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string_view>

#include "global/scache_dialogue.h"
#include "global/scache_extension_requests.h"
#include "util/pass_fd.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::global::scache {

// Who is served: root, and whoever the server itself runs as.
bool may_use_extension(uid_t client, uid_t server);

class ExtensionDialogue {
 public:
  // `gone` is called once, from the event loop, when the client has left or is to be closed; it
  // may destroy the ExtensionDialogue.
  ExtensionDialogue(Desk& desk, util::UniqueFd socket, std::function<void()> gone);
  // Answers what has been asked, and keeps the client from asking more. Never calls `gone`; there
  // is nothing more to be done with it.
  void settle();
  ExtensionDialogue(const ExtensionDialogue&) = delete;
  ExtensionDialogue& operator=(const ExtensionDialogue&) = delete;

 private:
  void on_readable();
  bool serve_one();
  Answer answer(std::string_view list, util::Received& received);
  Answer refuse(std::string_view why, ScacheStatus status = ScacheStatus::Bad);

  void on_writable();
  bool speak();
  void await_request();
  void await_room();

  Desk& desk_;
  util::UniqueFd socket_;
  std::function<void()> gone_;
  util::Watch readable_;  // as long as nothing is left to be sent
  util::Watch writable_;  // otherwise
  util::Timer stall_;
  Answer answer_;  // that waits for room
};

}  // namespace handoff::global::scache
