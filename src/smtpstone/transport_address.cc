#include "smtpstone/transport_address.h"

#include <fmt/format.h>
#include <netdb.h>

#include <memory>

namespace handoff::smtpstone {

using util::Error;
using util::Result;

Result<TransportAddress> TransportAddress::parse(std::string_view text,
                                                 std::string_view default_port) {
  const std::string whole(text);
  TransportAddress address;
  if (text.starts_with("unix:")) {
    address.is_unix = true;
    address.path = text.substr(5);
    if (address.path.empty()) return Error::syntax(fmt::format("{}: no pathname", whole));
    return address;
  }
  if (text.starts_with("inet:")) text.remove_prefix(5);

  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos)
    return Error::syntax(fmt::format("{}: missing \"]\"", whole));
  const std::size_t colon = text.find(':', bracket);
  address.host = text.substr(0, colon);
  if (bracket > 0) address.host = text.substr(1, bracket - 1);
  address.port = colon == std::string_view::npos ? default_port : text.substr(colon + 1);
  const bool junk = bracket > 0 && bracket + 1 != text.size() && colon != bracket + 1;
  if (junk || address.port.empty() || address.port.find(':') != std::string::npos)
    return Error::syntax(fmt::format("{}: not [host]:port, host:port or unix:path", whole));
  return address;
}

Result<std::vector<util::SocketAddress>> resolve(const TransportAddress& address, int family,
                                                 bool passive) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = passive ? AI_PASSIVE : 0;
  addrinfo* list = nullptr;
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  if (const int error = ::getaddrinfo(host, address.port.c_str(), &hints, &list); error != 0)
    return Error::not_found(
        fmt::format("{}:{}: {}", address.host, address.port, ::gai_strerror(error)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);

  std::vector<util::SocketAddress> found;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next)
    found.emplace_back(info->ai_addr, info->ai_addrlen);
  return found;
}

}  // namespace handoff::smtpstone
