// scache_proto.h - the messages between scache(8) and its clients (spec/ipc.md 4).
//
// One message in flight: each side speaks only when it is its turn. After an announcement by the
// server:
//
//   SaveEndpoint     ->   <- Turn       descriptor ->   <- StatusReply
//   SaveDestination  ->   <- StatusReply
//   FindEndpoint     ->   <- EndpointReply      if Ok:  Turn ->   <- descriptor   Turn ->
//   FindDestination  ->   <- DestinationReply   if Ok:  Turn ->   <- descriptor   Turn ->
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>

#include "global/mail_proto.h"
#include "util/attr0.h"

namespace handoff::global::scache {

namespace attr0 = util::attr0;

// --- Requests; kName goes first, as the attribute "request".

struct SaveEndpoint {
  std::chrono::seconds ttl{};
  std::string label;
  std::string property;

  static constexpr auto kName = scache_request::kSaveEndpoint;
  static constexpr auto kFields =
      std::tuple{attr0::Field{attr::kTtl, &SaveEndpoint::ttl},
                 attr0::Field{attr::kLabel, &SaveEndpoint::label},
                 attr0::Field{attr::kProperty, &SaveEndpoint::property}};
};

struct FindEndpoint {
  std::string label;

  static constexpr auto kName = scache_request::kFindEndpoint;
  static constexpr auto kFields = std::tuple{attr0::Field{attr::kLabel, &FindEndpoint::label}};
};

struct SaveDestination {
  std::chrono::seconds ttl{};
  std::string label;
  std::string property;
  std::string endpoint;  // also called "label"

  static constexpr auto kName = scache_request::kSaveDestination;
  static constexpr auto kFields =
      std::tuple{attr0::Field{attr::kTtl, &SaveDestination::ttl},
                 attr0::Field{attr::kLabel, &SaveDestination::label},
                 attr0::Field{attr::kProperty, &SaveDestination::property},
                 attr0::Field{attr::kLabel, &SaveDestination::endpoint}};
};

struct FindDestination {
  std::string label;

  static constexpr auto kName = scache_request::kFindDestination;
  static constexpr auto kFields = std::tuple{attr0::Field{attr::kLabel, &FindDestination::label}};
};

// Ours alone, between two processes of one service: an in-memory file comes attached
// (scache/succession.h).
struct Inherit {
  static constexpr std::string_view kName = "inherit";
  static constexpr auto kFields = std::tuple<>{};
};

template <typename Request>
std::string encode_request(const Request& request) {
  std::string list;
  attr0::put(list, attr::kRequest, Request::kName);
  attr0::put_fields(list, request);
  attr0::end_list(list);
  return list;
}

// --- Replies. With another status than Ok the properties are empty.

struct StatusReply {
  ScacheStatus status = ScacheStatus::Failed;

  static constexpr auto kFields = std::tuple{attr0::Field{attr::kStatus, &StatusReply::status}};
};

struct EndpointReply {
  ScacheStatus status = ScacheStatus::Failed;
  std::string property;

  static constexpr auto kFields =
      std::tuple{attr0::Field{attr::kStatus, &EndpointReply::status},
                 attr0::Field{attr::kProperty, &EndpointReply::property}};
};

struct DestinationReply {
  ScacheStatus status = ScacheStatus::Failed;
  std::string destination_property;
  std::string endpoint_property;

  static constexpr auto kFields =
      std::tuple{attr0::Field{attr::kStatus, &DestinationReply::status},
                 attr0::Field{attr::kProperty, &DestinationReply::destination_property},
                 attr0::Field{attr::kProperty, &DestinationReply::endpoint_property}};
};

// "Your turn": keeps a descriptor from being sent before the other side waits for it with
// recvmsg(2); an ordinary read would lose it.
struct Turn {
  std::string nothing;

  static constexpr auto kFields = std::tuple{attr0::Field{attr::kDummy, &Turn::nothing}};
};

}  // namespace handoff::global::scache
