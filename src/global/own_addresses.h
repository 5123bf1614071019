// own_addresses.h - the network addresses at which this mail system receives mail.
//
// inet_interfaces (host names, "all" or "loopback-only") within inet_protocols, and
// proxy_interfaces: mail for any of them is mail for us, and an MX record that names one is a
// loop.
#pragma once

#include <string_view>
#include <vector>

#include "global/config.h"
#include "global/config_defaults.h"
#include "global/params.h"
#include "util/result.h"
#include "util/sockets.h"

namespace handoff::global {

struct InetProtocols {
  bool ipv4 = false;
  bool ipv6 = false;

  [[nodiscard]] bool has(int family) const;
  [[nodiscard]] bool any() const { return ipv4 || ipv6; }
};

// What inet_protocols asks for.
util::Result<InetProtocols> parse_inet_protocols(const Config& config, const Params& params);
// The same, less what the system lacks (which is logged).
InetProtocols inet_protocols(const Config& config, const Params& params);
util::Result<InetProtocols> try_inet_protocols(const Config& config, const Params& params);

// An address of this machine and the width of its network.
struct InterfaceAddress {
  util::SocketAddress address;
  int prefix_length = 0;
};
std::vector<InterfaceAddress> interface_addresses(const InetProtocols& protocols);

// All addresses of a host as the system's resolver finds them, numeric ones too; ports are 0.
std::vector<util::SocketAddress> host_addresses(const std::string& host,
                                                const InetProtocols& protocols);

class OwnAddresses {
 public:
  static OwnAddresses load(const Config& config, const Params& params);
  static util::Result<OwnAddresses> try_load(const Config& config, const Params& params);
  // For who has asked for the protocols already.
  static util::Result<OwnAddresses> try_load(const Config& config, const Params& params,
                                             const InetProtocols& protocols);

  // inet_interfaces; ports do not matter.
  [[nodiscard]] bool is_own(const util::SocketAddress& address) const;
  // proxy_interfaces: where somebody else receives for us.
  [[nodiscard]] bool is_proxied(const util::SocketAddress& address) const;

  [[nodiscard]] const std::vector<util::SocketAddress>& own() const { return own_; }
  [[nodiscard]] const std::vector<util::SocketAddress>& proxied() const { return proxied_; }
  [[nodiscard]] const InetProtocols& protocols() const { return protocols_; }

 private:
  std::vector<util::SocketAddress> own_;
  std::vector<util::SocketAddress> proxied_;
  InetProtocols protocols_;
};

// The one style that mynetworks_style names, a part of `text`.
util::Result<std::string_view> parse_mynetworks_style(const Config& config, std::string_view text);
// $mynetworks where main.cf does not say: the networks of this machine as mynetworks_style wants.
util::Result<std::string> default_mynetworks(const Config& config,
                                             const NamesBeingMade& being_made = {"mynetworks"});

}  // namespace handoff::global
