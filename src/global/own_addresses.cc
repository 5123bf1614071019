#include "global/own_addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;
using util::SocketAddress;
using util::Status;

constexpr std::string_view kSeparators = ", \t\r\n";

void drop_if_missing(bool& wanted, int family, std::string_view name) {
  if (!wanted) return;
  const util::UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket || errno != EAFNOSUPPORT) return;
  msg::warn("inet_protocols: disabling {} name/address support: {}", name, util::errno_text(errno));
  wanted = false;
}

std::span<const std::byte> bytes_of(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return std::as_bytes(std::span(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 1));
  return std::as_bytes(std::span(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 1));
}

int bits_of(const sockaddr* mask) {
  int bits = 0;
  for (const std::byte byte : bytes_of(mask))
    bits += std::popcount(std::to_integer<unsigned>(byte));
  return bits;
}

bool contains(const std::vector<SocketAddress>& addresses, const SocketAddress& wanted) {
  return std::ranges::any_of(addresses,
                             [&](const auto& address) { return address.same_host(wanted); });
}

void add(std::vector<SocketAddress>& addresses, const SocketAddress& address) {
  if (!contains(addresses, address)) addresses.push_back(address);
}

// "[2001:db8::1]" is "2001:db8::1".
std::string without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

Error mistake(const Config& config, std::string_view parameter, std::string_view value,
              std::string_view rule, std::string what) {
  config.explain(parameter, value, rule);
  return Error::syntax(std::move(what));
}

Result<std::vector<SocketAddress>> own_interfaces(const Config& config, const std::string& value,
                                                  const InetProtocols& protocols) {
  constexpr std::string_view kRule =
      "must be all, loopback-only, or host names and addresses of this machine";
  std::vector<SocketAddress> local;
  for (const InterfaceAddress& interface : interface_addresses(protocols))
    add(local, interface.address);
  if (value == "all") return local;
  if (value == "loopback-only") {
    std::erase_if(local, [](const auto& address) { return !address.is_loopback(); });
    return local;
  }
  std::vector<SocketAddress> own;
  for (const std::string_view host : util::split(value, kSeparators)) {
    const auto found = host_addresses(without_brackets(host), protocols);
    if (found.empty())
      return mistake(config, "inet_interfaces", value, kRule,
                     fmt::format("config variable inet_interfaces: host not found: {}", host));
    for (const SocketAddress& address : found) add(own, address);
  }
  for (const SocketAddress& address : own) {
    if (!contains(local, address))
      return mistake(config, "inet_interfaces", value, kRule,
                     fmt::format("parameter inet_interfaces: no local interface found for {}",
                                 address.text()));
  }
  return own;
}

// --- mynetworks

// The width of the network that mynetworks_style sees around an address.
int network_width(const InterfaceAddress& interface, std::string_view style) {
  const auto bytes = bytes_of(interface.address.get());
  const int full = static_cast<int>(bytes.size()) * 8;
  if (style == "host") return full;
  if (style == "subnet") return interface.prefix_length;
  if (interface.address.family() != AF_INET) return interface.prefix_length;
  const auto first = std::to_integer<unsigned>(bytes[0]);
  return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 32;  // RFC 791, 2.3
}

// "192.0.2.0/24", "[2001:db8::]/64".
std::string network_text(const SocketAddress& address, int width) {
  std::array<unsigned char, 16> network{};
  const auto bytes = bytes_of(address.get());
  for (int bit = 0; bit < width; ++bit) {
    const auto index = static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<unsigned char>(0x80 >> bit % 8);
    network[index] |= static_cast<unsigned char>(bytes[index]) & mask;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(address.family(), network.data(), text.data(), text.size()) == nullptr) return {};
  return address.family() == AF_INET ? fmt::format("{}/{}", text.data(), width)
                                     : fmt::format("[{}]/{}", text.data(), width);
}

// A host that is not found is somebody else's trouble, and may come back.
std::vector<SocketAddress> proxy_interfaces(const std::string& value,
                                            const InetProtocols& protocols) {
  std::vector<SocketAddress> proxied;
  for (const std::string_view host : util::split(value, kSeparators)) {
    const auto found = host_addresses(without_brackets(host), protocols);
    if (found.empty()) msg::warn("config variable proxy_interfaces: host not found: {}", host);
    for (const SocketAddress& address : found) add(proxied, address);
  }
  return proxied;
}

}  // namespace

bool InetProtocols::has(int family) const {
  return (family == AF_INET && ipv4) || (family == AF_INET6 && ipv6);
}

Result<InetProtocols> parse_inet_protocols(const Config& config, const Params& params) {
  InetProtocols protocols;
  for (const std::string_view word : util::split(params.inet_protocols, kSeparators)) {
    const bool all = word == "all";
    if (!all && word != "ipv4" && word != "ipv6")
      return mistake(config, "inet_protocols", params.inet_protocols, "must be all, ipv4 or ipv6",
                     fmt::format("unknown inet_protocols value \"{}\" in \"{}\"", word,
                                 params.inet_protocols));
    protocols.ipv4 |= all || word == "ipv4";
    protocols.ipv6 |= all || word == "ipv6";
  }
  return protocols;
}

Result<InetProtocols> try_inet_protocols(const Config& config, const Params& params) {
  Result<InetProtocols> protocols = parse_inet_protocols(config, params);
  if (!protocols) return protocols;
  drop_if_missing(protocols->ipv4, AF_INET, "IPv4");
  drop_if_missing(protocols->ipv6, AF_INET6, "IPv6");
  return protocols;
}

InetProtocols inet_protocols(const Config& config, const Params& params) {
  return util::or_die(try_inet_protocols(config, params));
}

std::vector<InterfaceAddress> interface_addresses(const InetProtocols& protocols) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) msg::fatal("getifaddrs: {}", util::errno_text(errno));
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  std::vector<InterfaceAddress> result;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_netmask == nullptr ||
        (entry->ifa_flags & IFF_UP) == 0 || !protocols.has(entry->ifa_addr->sa_family)) {
      continue;
    }
    const socklen_t length =
        entry->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    result.push_back({SocketAddress(entry->ifa_addr, length), bits_of(entry->ifa_netmask)});
  }
  // IPv4 first, as everywhere in the log.
  std::stable_partition(result.begin(), result.end(),
                        [](const auto& entry) { return entry.address.family() == AF_INET; });
  return result;
}

std::vector<SocketAddress> host_addresses(const std::string& host, const InetProtocols& protocols) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::vector<SocketAddress> result;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next)
    if (protocols.has(entry->ai_family))
      add(result, SocketAddress(entry->ai_addr, entry->ai_addrlen));
  return result;
}

Result<OwnAddresses> OwnAddresses::try_load(const Config& config, const Params& params) {
  const Result<InetProtocols> protocols = try_inet_protocols(config, params);
  if (!protocols) return protocols.error();
  return try_load(config, params, *protocols);
}

Result<OwnAddresses> OwnAddresses::try_load(const Config& config, const Params& params,
                                            const InetProtocols& protocols) {
  OwnAddresses addresses;
  addresses.protocols_ = protocols;
  Result<std::vector<SocketAddress>> own =
      own_interfaces(config, params.inet_interfaces, protocols);
  if (!own) return own.error();
  addresses.own_ = *std::move(own);
  addresses.proxied_ = proxy_interfaces(params.proxy_interfaces, protocols);
  return addresses;
}

OwnAddresses OwnAddresses::load(const Config& config, const Params& params) {
  return util::or_die(try_load(config, params));
}

bool OwnAddresses::is_own(const SocketAddress& address) const {
  return contains(own_, address);
}

bool OwnAddresses::is_proxied(const SocketAddress& address) const {
  return contains(proxied_, address);
}

Result<std::string_view> parse_mynetworks_style(const Config& config, std::string_view text) {
  const auto bad_style = [&](std::string what) {
    return mistake(config, "mynetworks_style", text, "must be host, subnet or class",
                   std::move(what));
  };
  std::set<std::string_view> styles;
  for (const std::string_view word : util::split(text, kSeparators)) {
    if (word != "host" && word != "subnet" && word != "class")
      return bad_style(
          fmt::format("unknown mynetworks mask style value \"{}\" in \"{}\"", word, text));
    styles.insert(word);
  }
  if (styles.size() == 1) return *styles.begin();
  return bad_style(fmt::format("bad mynetworks_style value: {}; specify exactly one value", text));
}

Result<std::string> default_mynetworks(const Config& config, const NamesBeingMade& being_made) {
  Params params;
  for (const auto& [name, value] : {std::pair("inet_interfaces", &params.inet_interfaces),
                                    std::pair("inet_protocols", &params.inet_protocols),
                                    std::pair("mynetworks_style", &params.mynetworks_style)}) {
    Result<std::string> text = value_for_default(config, name, being_made);
    if (!text) {
      msg::warn("{}", text.error().what);
      return Error::syntax("dictionary mail_dict: macro processing error");
    }
    *value = *std::move(text);
  }
  const Result<InetProtocols> protocols = parse_inet_protocols(config, params);
  if (!protocols) return protocols.error();
  const Result<std::string_view> style = parse_mynetworks_style(config, params.mynetworks_style);
  if (!style) return style.error();
  const Result<OwnAddresses> own = OwnAddresses::try_load(config, params);
  if (!own) return own.error();
  std::vector<std::string> networks;
  for (const InterfaceAddress& interface : interface_addresses(own->protocols())) {
    if (!own->is_own(interface.address)) continue;
    const int width = network_width(interface, *style);
    std::string network = network_text(interface.address, width);
    if (std::ranges::find(networks, network) == networks.end())
      networks.push_back(std::move(network));
  }
  return fmt::format("{}", fmt::join(networks, " "));
}

}  // namespace handoff::global
