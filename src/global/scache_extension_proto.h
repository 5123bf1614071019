// scache_extension_proto.h - the messages on the second socket of our scache(8), which only our own
// clients know.
//
// SOCK_SEQPACKET: a message is one packet, with its descriptor attached, so nobody can stop in the
// middle of one. The payload is an attribute list as on the first socket. The server announces
// nothing and speaks when asked; one packet answers one request, unless the request says otherwise:
//
//   Save, with a descriptor where it has a session  ->   <- StatusReply
//   Find  ->   <- FindReply, with a descriptor where something was found
//
// To anything that is no request the answer is StatusReply, Bad.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>

#include "global/mail_proto.h"
#include "global/scache_proto.h"
#include "util/attr0.h"

namespace handoff::global::scache {

// Longer packets are neither sent nor taken.
constexpr auto kPacketLimit = std::size_t{64} * 1024;

// --- Requests; encode_request() and kName as in scache_proto.h.

// A session, a binding of a destination to its endpoint, or both. The farewell is sent before a
// session that nobody took is closed.
struct Save {
  struct SessionPart {
    std::string property;
    std::string farewell;

    static constexpr auto kFields =
        std::tuple{attr0::Field{attr::kEndpointProperty, &SessionPart::property},
                   attr0::Field{attr::kFarewell, &SessionPart::farewell}};
  };
  struct BindingPart {
    std::string destination;
    std::string property;

    static constexpr auto kFields =
        std::tuple{attr0::Field{attr::kDestination, &BindingPart::destination},
                   attr0::Field{attr::kDestinationProperty, &BindingPart::property}};
  };

  std::chrono::milliseconds ttl{};
  std::string endpoint;
  std::optional<SessionPart> session;
  std::optional<BindingPart> binding;

  static constexpr auto kName = scache_extension_request::kSave;
  static constexpr auto kFields =
      std::tuple{attr0::Field{attr::kTtlMilliseconds, &Save::ttl},
                 attr0::Field{attr::kEndpoint, &Save::endpoint}, attr0::Group{&Save::session},
                 attr0::Group{&Save::binding}};
};

// By one of the two.
struct Find {
  std::optional<std::string> destination;
  std::optional<std::string> endpoint;

  static constexpr auto kName = scache_extension_request::kFind;
  static constexpr auto kFields = std::tuple{attr0::Field{attr::kDestination, &Find::destination},
                                             attr0::Field{attr::kEndpoint, &Find::endpoint}};
};

// --- Replies; StatusReply is that of scache_proto.h.

struct FindReply {
  ScacheStatus status = ScacheStatus::Failed;
  // With Ok only; the first one only when a destination was looked for.
  std::optional<std::string> destination_property;
  std::optional<std::string> endpoint_property;

  static constexpr auto kFields =
      std::tuple{attr0::Field{attr::kStatus, &FindReply::status},
                 attr0::Field{attr::kDestinationProperty, &FindReply::destination_property},
                 attr0::Field{attr::kEndpointProperty, &FindReply::endpoint_property}};
};

}  // namespace handoff::global::scache
