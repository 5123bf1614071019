#include "tables/server_connection.h"

#include <netdb.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "tables/table.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/valid_hostname.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::UniqueFd;

struct HostAndPort {
  std::string host;
  std::string port;
};

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kNoHost = "valid hostname or network address required";

// "host:port", "[2001:db8::1]:port", "port".
Result<HostAndPort> split_endpoint(std::string_view endpoint) {
  const auto refuse = [endpoint](std::string_view reason) {
    return misconfigured(std::string(endpoint) + ": " + std::string(reason));
  };
  const std::size_t colon = endpoint.rfind(':');
  const bool has_host = colon != std::string_view::npos;
  std::string_view host = has_host ? endpoint.substr(0, colon) : std::string_view();
  const std::string_view port = has_host ? endpoint.substr(colon + 1) : endpoint;
  if (endpoint.starts_with('[')) {
    if (endpoint.find(']') == std::string_view::npos) return refuse("missing \"]\"");
    if (!host.ends_with(']')) return refuse("missing service information");
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return refuse(kNoHost);
  }
  if (!host.empty() && !util::valid_hostname(host) && !util::SocketAddress::parse(host, 0))
    return refuse(kNoHost);
  if (port.empty()) return refuse("missing service information");
  const bool is_numerical = kDigits.find(port.front()) != std::string_view::npos;
  if (is_numerical && port.find_first_not_of(kDigits) != std::string_view::npos)
    return refuse("garbage after numerical service");
  return HostAndPort{host.empty() ? "localhost" : std::string(host), std::string(port)};
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> find_addresses(const std::string& endpoint) {
  const Result<HostAndPort> server = split_endpoint(endpoint);
  if (!server) return server.error();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(server->host.c_str(), server->port.c_str(), &hints, &found);
  if (code == 0) return Addresses(found, freeaddrinfo);
  msg::warn("host or service {} not found: {}", endpoint, gai_strerror(code));
  return Error::system("connect", EADDRNOTAVAIL);
}

Result<UniqueFd> connect_inet(const std::string& endpoint, util::Milliseconds limit) {
  const Result<Addresses> addresses = find_addresses(endpoint);
  if (!addresses) return addresses.error();
  Result<UniqueFd> socket = Error::system("connect", EADDRNOTAVAIL);
  for (const addrinfo* next = addresses->get(); next != nullptr && !socket; next = next->ai_next)
    socket = util::connect_inet(util::SocketAddress(next->ai_addr, next->ai_addrlen), limit);
  return socket;
}

}  // namespace

Result<ServerAddress> ServerAddress::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return misconfigured("need service transport:endpoint instead of \"" + std::string(text) + '"');
  const std::string_view transport = text.substr(0, colon);
  if (transport != "inet" && transport != "unix") {
    return misconfigured("invalid transport name: " + std::string(transport) +
                         " in service: " + std::string(text));
  }
  const std::string_view endpoint = text.substr(colon + 1);
  if (transport == "unix") return ServerAddress{true, std::string(endpoint)};
  return inet(endpoint);
}

Result<ServerAddress> ServerAddress::inet(std::string_view host_and_port) {
  const Result<HostAndPort> valid = split_endpoint(host_and_port);
  if (!valid) return valid.error();
  return ServerAddress{false, std::string(host_and_port)};
}

Result<util::Stream> ServerAddress::connect(util::Milliseconds limit) const {
  Result<UniqueFd> socket =
      local ? util::connect_unix(endpoint, limit) : connect_inet(endpoint, limit);
  if (!socket) return std::move(socket).error();
  return util::Stream(*std::move(socket), endpoint, limit);
}

util::Status ServerConnection::connect() {
  Result<util::Stream> stream = address_.connect(limits_.io);
  if (!stream) return std::move(stream).error();
  if (greet_)
    if (util::Status greeted = greet_(*stream); !greeted) return greeted;
  stream_.emplace(*std::move(stream));
  connected_at_ = Clock::now();
  return {};
}

Result<util::Stream*> ServerConnection::stream() {
  const auto now = Clock::now();
  if (stream_ &&
      (stream_->failed() || stream_->readable_now() || now - stream_->last_io() >= limits_.idle ||
       now - connected_at_ >= limits_.lifetime))
    stream_.reset();
  if (!stream_)
    if (util::Status connected = connect(); !connected) return std::move(connected).error();
  return &*stream_;
}

}  // namespace handoff::tables
