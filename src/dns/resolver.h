// resolver.h - MX and address look-ups in the domain name system.
//
// Blocking, and bounded: each server is asked a few times for some seconds. Questions that do not
// depend on one another are asked at the same time. Servers come from a list with ports or from the
// system's resolv.conf, which is read once, so that it works in a chroot jail afterwards.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answer.h"
#include "util/result.h"

namespace handoff::dns {

class Resolver {
 public:
  struct Options {
    std::string servers;  // "127.0.0.1:5353, [::1]:53"; empty: the system's
    // For each attempt; empty: the resolver library's choice.
    std::chrono::milliseconds timeout{5000};
    int tries = 2;
  };

  static util::Result<std::unique_ptr<Resolver>> create(const Options& options);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  MxAnswer mx(std::string_view domain);
  // One answer for each name, in their order.
  std::vector<HostAnswer> addresses(const std::vector<std::string>& names, Families families);

 private:
  struct State;
  explicit Resolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// By getaddrinfo: /etc/hosts and whatever else nsswitch.conf says.
HostAnswer native_addresses(const std::string& name, Families families);

}  // namespace handoff::dns
