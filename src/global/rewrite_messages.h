// rewrite_messages.h - what trivial-rewrite(8) is asked, and its answers (spec 8).
//
// A connection carries any number of requests, one after another, behind the server's
// announcement. For clients on the event loop, for the server, and for tests; everybody else
// uses rewrite_client.h.
#pragma once

#include <string>
#include <tuple>

#include "global/mail_proto.h"
#include "util/attr0.h"

namespace handoff::global {

// In the flags of each reply: the server knows that it should make room for another process.
inline constexpr int kReconnectPlease = 1;

// Complete an address, in external (quoted) form.
struct RewriteRequest {
  std::string rule{rewrite_context::kLocal};
  std::string address;

  static constexpr auto kFields =
      std::tuple{util::attr0::Constant{attr::kRequest, rewrite_request::kRewrite},
                 util::attr0::Field{attr::kRule, &RewriteRequest::rule},
                 util::attr0::Field{attr::kAddress, &RewriteRequest::address}};
};

struct RewriteReply {
  int server_flags = 0;  // or kReconnectPlease
  std::string address;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kFlags, &RewriteReply::server_flags},
                 util::attr0::Field{attr::kAddress, &RewriteReply::address}};
};

// Where does it go? Addresses in internal form.
struct ResolveRequest {
  std::string request{rewrite_request::kResolve};  // or kVerify
  std::string sender;
  std::string address;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kRequest, &ResolveRequest::request},
                 util::attr0::Field{attr::kSender, &ResolveRequest::sender},
                 util::attr0::Field{attr::kAddress, &ResolveRequest::address}};
};

// Where an address goes.
struct Resolution {
  std::string transport;
  std::string nexthop;
  std::string recipient;  // internal form
  int flags = 0;          // mask resolve_flag::k...

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kTransport, &Resolution::transport},
                 util::attr0::Field{attr::kNexthop, &Resolution::nexthop},
                 util::attr0::Field{attr::kRecipient, &Resolution::recipient},
                 util::attr0::Field{attr::kFlags, &Resolution::flags}};

  bool operator==(const Resolution&) const = default;
};

struct ResolveReply {
  int server_flags = 0;
  Resolution resolution;

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kFlags, &ResolveReply::server_flags},
                 util::attr0::Group{&ResolveReply::resolution}};
};

}  // namespace handoff::global
