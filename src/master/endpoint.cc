#include "master/endpoint.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "global/master_proto.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::master {
namespace {

namespace directory = global::master_proto::directory;
using util::Error;
using util::Result;
using util::SocketAddress;
using Addresses = std::vector<SocketAddress>;

constexpr std::string_view kListSeparators = ", \t\r\n";
constexpr std::string_view kAllInterfaces = "all";
constexpr std::string_view kLoopbackOnly = "loopback-only";
constexpr std::string_view kIpv6Prefix = "ipv6:";

Error quoted(std::string_view what, std::string_view text) {
  return Error::syntax(fmt::format("{} \"{}\"", what, text));
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), util::is_digit);
}

// Addresses and RFC 1123 names: letters, digits, hyphens within labels. What consists of digits
// and dots is meant to be an address.
bool valid_host(std::string_view host) {
  if (SocketAddress::parse(host, 0)) return true;
  if (host.empty() || host.size() > 255) return false;
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) return false;
  while (!host.empty()) {
    const std::string_view label = host.substr(0, host.find('.'));
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    const auto allowed = [](char c) { return util::is_alnum(c) || c == '-' || c == '_'; };
    if (!std::all_of(label.begin(), label.end(), allowed)) return false;
    host.remove_prefix(std::min(label.size() + 1, host.size()));
  }
  return true;
}

// "[host]:port" without its brackets.
Result<HostPort> parse_bracketed(std::string_view text) {
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return quoted("missing \"]\" in", text);
  const std::string_view rest = text.substr(end + 1);
  if (!rest.empty() && rest.front() != ':') return quoted("garbage after \"]\" in", text);
  std::string_view host = text.substr(1, end - 1);
  if (util::starts_with_ignoring_case(host, kIpv6Prefix)) {
    host.remove_prefix(kIpv6Prefix.size());
    const auto address = SocketAddress::parse(host, 0);
    if (!address || address->family() != AF_INET6) {
      return quoted("malformed IPv6 address in", text);
    }
  }
  return HostPort{std::string(host),
                  std::string(rest.substr(std::min<std::size_t>(1, rest.size())))};
}

HostPort split_at_last_colon(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {"", std::string(text)};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

// getaddrinfo(3) takes 70000 for 4464.
bool too_large(const std::string& port) {
  const auto number = util::to_int64(port);
  return number && *number > std::numeric_limits<std::uint16_t>::max();
}

Result<Addresses> look_up(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error =
      too_large(port) ? EAI_SERVICE : getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (error == EAI_SERVICE) return Error::not_found(gai_strerror(error));
  if (error != 0) return Error::syntax(gai_strerror(error));
  Addresses addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    addresses.emplace_back(each->ai_addr, each->ai_addrlen);
  }
  freeaddrinfo(list);
  return addresses;
}

void add_once(Addresses& addresses, const SocketAddress& address) {
  const auto same = [&](const SocketAddress& other) { return address.same_host(other); };
  if (std::none_of(addresses.begin(), addresses.end(), same)) addresses.push_back(address);
}

// The addresses of one host that the enabled protocols can use.
Result<Addresses> addresses_of(const Network& network, const std::string& host,
                               const std::string& port) {
  auto found = network.resolve(host, port);
  if (!found) return found;
  Addresses usable;
  for (const SocketAddress& address : *found) {
    if (network.protocols.has(address.family())) add_once(usable, address);
  }
  return usable;
}

Addresses wildcards(const Network& network, std::uint16_t port) {
  Addresses all;
  if (network.protocols.ipv4) all.push_back(SocketAddress::any(AF_INET, port));
  if (network.protocols.ipv6) all.push_back(SocketAddress::any(AF_INET6, port));
  return all;
}

Result<Addresses> interface_addresses(const Network& network, const std::string& port) {
  Addresses addresses;
  const auto number = addresses_of(network, network.protocols.ipv4 ? "127.0.0.1" : "::1", port);
  if (!number || number->empty()) return number;
  for (const std::string_view word : util::split(network.interfaces, kListSeparators)) {
    if (util::equal_ignoring_case(word, kAllInterfaces)) {
      return wildcards(network, number->front().port());
    }
    const bool loopback = util::equal_ignoring_case(word, kLoopbackOnly);
    const bool bracketed = word.starts_with('[') && word.ends_with(']');
    const std::string_view host = bracketed ? word.substr(1, word.size() - 2) : word;
    const auto some = addresses_of(network, loopback ? "localhost" : std::string(host), port);
    if (!some) return some;
    for (const SocketAddress& address : *some) {
      if (!loopback || address.is_loopback()) add_once(addresses, address);
    }
  }
  return addresses;
}

class InetEndpoint {
 public:
  InetEndpoint(const Entry& entry, const std::string& file, const Network& network)
      : entry_(entry), file_(file), network_(network) {}

  Result<Endpoint> find() const;

 private:
  Error mistake(std::string_view what, std::string_view allowed) const {
    msg::warn("{}, line {}: {}", file_, entry_.line, allowed);
    return Error::syntax(fmt::format("{}: line {}: {}", file_, entry_.line, what));
  }
  Error unknown_port(const HostPort& name) const {
    msg::warn("{}, line {}: a port is a number or a name in known_tcp_ports or services(5)", file_,
              entry_.line);
    std::string_view interfaces = network_.interfaces;
    const std::string_view host =
        name.host.empty() ? util::next_word(interfaces, kListSeparators) : name.host;
    return Error::syntax(
        fmt::format("{}:{}: Servname not supported for ai_socktype", host, name.port));
  }
  Error bad_host() const {
    return mistake(fmt::format("bad hostname or network address: {}", entry_.name),
                   "a host is an address, or a name that resolves");
  }

  const Entry& entry_;
  const std::string& file_;
  const Network& network_;
};

Result<Endpoint> InetEndpoint::find() const {
  auto name = parse_host_port(entry_.name);
  if (!name) return mistake(name.error().what, "an inet service is port, host:port or [host]:port");
  const auto known = network_.ports.find(name->port);
  const std::string& port = known == network_.ports.end() ? name->port : known->second;

  auto addresses = name->host.empty() ? interface_addresses(network_, port)
                                      : addresses_of(network_, name->host, port);
  if (!addresses && addresses.error().kind == Error::Kind::NotFound) return unknown_port(*name);
  if (!addresses) return bad_host();
  if (addresses->empty() && name->host.empty()) {
    return mistake(fmt::format("no valid IP address found: {}", entry_.name),
                   "without a host, inet_interfaces must name an address");
  }
  if (addresses->empty()) return bad_host();

  const std::uint16_t number = addresses->front().port();
  const auto numeric = SocketAddress::parse(name->host, 0);
  Endpoint endpoint;
  endpoint.canonical = name->host.empty()
                           ? fmt::format("{}", number)
                           : fmt::format("[{}]:{}", numeric ? numeric->text() : name->host, number);
  endpoint.addresses = *std::move(addresses);
  std::ranges::sort(endpoint.addresses, [](const SocketAddress& one, const SocketAddress& other) {
    return one.host_before(other);
  });
  endpoint.interfaces = network_.interfaces;
  return endpoint;
}

}  // namespace

bool Endpoint::loopback_only() const {
  return std::all_of(addresses.begin(), addresses.end(),
                     [](const SocketAddress& address) { return address.is_loopback(); });
}

Result<HostPort> parse_host_port(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  auto parsed = bracketed ? parse_bracketed(text) : split_at_last_colon(text);
  if (!parsed) return parsed;
  if (parsed->port.empty()) return quoted("missing service information in", text);
  if (util::is_digit(parsed->port.front()) && !all_digits(parsed->port)) {
    return quoted("garbage after numerical service in", text);
  }
  if ((bracketed || !parsed->host.empty()) && !valid_host(parsed->host)) {
    return quoted("valid hostname or network address required in", text);
  }
  return parsed;
}

Network network_from(const global::InetProtocols& protocols, std::string_view interfaces,
                     std::string_view known_ports) {
  return {.protocols = protocols,
          .interfaces = std::string(interfaces),
          .ports = global::parse_known_ports(known_ports),
          .resolve = look_up};
}

Result<Endpoint> endpoint_of(const Entry& entry, const std::string& file, const Network& network) {
  if (entry.type == ServiceType::Inet) return InetEndpoint(entry, file, network).find();
  const std::string_view parent = entry.is_private ? directory::kPrivate : directory::kPublic;
  Endpoint endpoint;
  endpoint.path = fmt::format("{}/{}", parent, entry.name);
  endpoint.canonical = endpoint.path;
  return endpoint;
}

}  // namespace handoff::master
