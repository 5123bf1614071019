// cleanup_messages.h - what surrounds the records that go to cleanup(8) and to postdrop(1).
//
// The server announces the name of the message; the client of cleanup then sends its flags, and
// both send records up to the end record; the server answers with what became of the message
// (spec/queue-and-delivery.md 6.1).
#pragma once

#include <string>
#include <tuple>

#include "global/mail_proto.h"
#include "util/attr0.h"

namespace handoff::global {

struct CleanupAnnouncement {
  std::string queue_id;

  static constexpr auto kFields =
      std::tuple{util::attr0::Constant{attr::kProtocol, protocol::kCleanup},
                 util::attr0::Field{attr::kQueueId, &CleanupAnnouncement::queue_id}};
};

struct PostdropAnnouncement {
  std::string queue_id;

  static constexpr auto kFields =
      std::tuple{util::attr0::Constant{attr::kProtocol, protocol::kPostdrop},
                 util::attr0::Field{attr::kQueueId, &PostdropAnnouncement::queue_id}};
};

struct CleanupRequest {
  int flags = 0;  // mask cleanup_flag::k...

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kFlags, &CleanupRequest::flags}};
};

// Of both servers.
struct SubmissionReply {
  int status = cleanup_status::kOk;  // mask cleanup_status::k...
  std::string reason;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kStatus, &SubmissionReply::status},
                 util::attr0::Field{attr::kReason, &SubmissionReply::reason}};
};

}  // namespace handoff::global
