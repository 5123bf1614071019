#include "smtp/next_hop.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include "dns/answer.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::string_view kSeparators = ", \t\r\n";
constexpr std::string_view kIpv6Prefix = "ipv6:";

struct HostAndPort {
  std::string_view host;
  std::string_view port;  // empty: the default
  bool bracketed = false;
};

util::Error bad(std::string_view complaint, std::string_view element) {
  return util::Error::syntax(fmt::format("{} in server description: {}", complaint, element));
}

util::Result<HostAndPort> split_port(std::string_view element) {
  HostAndPort parts;
  if (!element.starts_with('[')) {
    const std::size_t colon = element.rfind(':');
    parts.host = element.substr(0, colon);
    if (colon != std::string_view::npos) parts.port = element.substr(colon + 1);
    return parts;
  }
  const std::size_t end = element.find(']');
  if (end == std::string_view::npos) return bad("missing \"]\"", element);
  parts.bracketed = true;
  parts.host = element.substr(1, end - 1);
  std::string_view rest = element.substr(end + 1);
  if (!rest.empty() && rest.front() != ':') return bad("garbage after \"]\"", element);
  if (!rest.empty()) parts.port = rest.substr(1);
  return parts;
}

util::Result<std::string> check_host(std::string_view host, std::string_view element) {
  if (util::starts_with_ignoring_case(host, kIpv6Prefix)) {
    host.remove_prefix(kIpv6Prefix.size());
    const auto address = util::SocketAddress::parse(host, 0);
    if (!address || address->family() != AF_INET6) return bad("malformed IPv6 address", element);
    return std::string(host);
  }
  if (host.empty()) return bad("missing host name", element);
  if (!util::SocketAddress::parse(host, 0) && !dns::is_host_name(host))
    return bad("malformed host name or address", element);
  return std::string(host);
}

}  // namespace

std::vector<std::string> split_next_hops(std::string_view list) {
  std::vector<std::string> elements;
  for (std::string_view element : util::split(list, kSeparators)) elements.emplace_back(element);
  return elements;
}

util::Result<std::uint16_t> parse_port(std::string_view port,
                                       const global::KnownPorts& known_ports) {
  if (const auto known = known_ports.find(port); known != known_ports.end()) port = known->second;
  if (!port.empty() && util::is_digit(port.front())) {
    const auto number = util::to_int(port);
    if (!number || *number < 1 || *number > 65535)
      return util::Error::syntax(fmt::format("bad network port: {}", port));
    return static_cast<std::uint16_t>(*number);
  }
  const servent* service = ::getservbyname(std::string(port).c_str(), "tcp");
  if (service == nullptr) return util::Error::syntax(fmt::format("unknown service: {}/tcp", port));
  return ntohs(static_cast<std::uint16_t>(service->s_port));
}

util::Result<NextHop> parse_next_hop(std::string_view element, const PortNames& ports) {
  auto parts = split_port(element);
  if (!parts) return std::move(parts).error();
  auto host = check_host(parts->host, element);
  if (!host) return std::move(host).error();
  auto port = parse_port(parts->port.empty() ? ports.default_port : parts->port, ports.known);
  if (!port) return std::move(port).error();
  return NextHop{std::string(element), *std::move(host), *port, !parts->bracketed};
}

std::string bare_name(std::string_view element) {
  auto parts = split_port(element);
  return std::string(parts ? parts->host : element);
}

}  // namespace handoff::smtp
