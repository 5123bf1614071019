// scache_extension_requests.h - what clients on the second socket can ask for.
//
// A request is a function and a row in the table in the source.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "global/scache_dialogue.h"
#include "util/attr0.h"
#include "util/unique_fd.h"

namespace handoff::global::scache {

// What a client is told, in one packet.
struct Answer {
  std::string list;  // at most kPacketLimit
  util::UniqueFd connection = {};
  // What is to be done once the client has been told; not at all when it has gone.
  std::function<void()> then = nullptr;
};

// Serves the request that the list in `reader` begins with. `attached` is the descriptor that came
// with it, if any. Nothing when it is malformed; `complaint` says why where the reader does not.
std::optional<Answer> serve_extension_request(Desk& desk, util::attr0::ListReader& reader,
                                              util::UniqueFd attached, std::string& complaint);

}  // namespace handoff::global::scache
