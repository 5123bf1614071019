// route.h - the servers of a next-hop, in the order in which they are tried.
//
// MX and address look-ups, preference, chance and address families, and the question whether this
// machine is one of the servers itself (spec/smtp-client.md 1.2 to 1.4).
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "dns/answer.h"
#include "global/dsn.h"
#include "global/params.h"
#include "smtp/next_hop.h"
#include "util/sockets.h"

namespace handoff::smtp {

struct Candidate {
  std::string host;
  util::SocketAddress address;  // with the next-hop's port
  int preference = 0;
  bool operator==(const Candidate& other) const {
    return host == other.host && preference == other.preference && address.same_host(other.address);
  }
};

struct Route {
  std::vector<Candidate> candidates;
  global::Dsn failure;      // why there are none
  bool is_loop = false;     // that is because this machine is the best of them
  bool found_self = false;  // among the servers, in whatever place

  [[nodiscard]] int best_preference() const {
    return candidates.empty() ? 0 : candidates.front().preference;
  }
};

// Who is asked; functions, so that a test needs no name server.
struct Lookups {
  std::function<dns::MxAnswer(const std::string& domain)> mx;
  std::function<std::vector<dns::HostAnswer>(const std::vector<std::string>& names)> addresses;
  std::function<dns::HostAnswer(const std::string& name)> native;
  // Is this one of our own addresses, or one that leads to us (proxy_interfaces)?
  std::function<bool(const util::SocketAddress&)> is_self;
};

struct RouteSettings {
  bool use_dns = true;   // neither disable_dns_lookups nor smtp_dns_support_level = disabled
  bool host_dns = true;  // smtp_host_lookup
  bool host_native = false;
  enum class Prefer { Any, Ipv4, Ipv6 } prefer = Prefer::Any;
  dns::Families families;
  bool randomize = true;
  bool balance = true;
  int address_limit = 5;
  bool ignore_mx_lookup_error = false;
  bool defer_if_no_mx_address_found = false;
  bool cname_overrides_name = false;

  static RouteSettings from(const global::Params& params, dns::Families families);
};

class Router {
 public:
  Router(RouteSettings settings, Lookups lookups, unsigned seed = std::random_device{}());

  Route find(const NextHop& hop);

 private:
  struct Hosts {  // names with the preference that their addresses get
    std::vector<std::string> names;
    std::vector<int> preferences;
  };

  Route find_by_mx(const NextHop& hop);
  Route find_by_address(const NextHop& hop);
  Route resolve(const Hosts& hosts, std::uint16_t port);
  void add(const std::string& name, const dns::HostAnswer& answer, int preference, Route& route);
  void fail(const dns::HostAnswer& answer, Route& route) const;
  void order(std::vector<Candidate>& candidates, bool by_mx);
  void drop_self(const NextHop& hop, int best_mx_preference, Route& route) const;
  void sort(std::vector<Candidate>& candidates) const;

  RouteSettings settings_;
  Lookups lookups_;
  std::mt19937 random_;
};

// No more than `limit` candidates, but some of each family if there are any; see spec 1.3.
void balance_families(std::vector<Candidate>& candidates, std::size_t limit);

}  // namespace handoff::smtp
