#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "dns/resolver.h"

namespace handoff::dns {

namespace {

Kind kind_of_failure(int code) {
  switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
      return Kind::NotFound;
    case EAI_AGAIN:
      return Kind::Again;
    default:
      return Kind::Permanent;
  }
}

int family_of(Families families) {
  if (families.ipv4 && families.ipv6) return AF_UNSPEC;
  return families.ipv4 ? AF_INET : AF_INET6;
}

}  // namespace

HostAnswer native_addresses(const std::string& name, Families families) {
  addrinfo hints{};
  hints.ai_family = family_of(families);
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(name.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, [](addrinfo* head) {
    if (head != nullptr) freeaddrinfo(head);
  });
  HostAnswer answer;
  answer.canonical = name;
  for (const addrinfo* each = list; code == 0 && each != nullptr; each = each->ai_next) {
    const util::SocketAddress address(each->ai_addr, each->ai_addrlen);
    const bool known = std::any_of(answer.addresses.begin(), answer.addresses.end(),
                                   [&](const auto& other) { return other.same_host(address); });
    if (!known) answer.addresses.push_back(address);
  }
  answer.kind = !answer.addresses.empty() ? Kind::Found
                : code == 0               ? Kind::NotFound
                                          : kind_of_failure(code);
  if (answer.kind != Kind::Found)
    answer.why = fmt::format("unable to look up host {}: {}", name,
                             gai_strerror(code == 0 ? EAI_NONAME : code));
  return answer;
}

}  // namespace handoff::dns
