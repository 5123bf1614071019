#include "tables/address_pattern.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

// Without host bits.
NetworkAddress masked(NetworkAddress address, int length) {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const int kept = std::clamp(length - static_cast<int>(i) * 8, 0, 8);
    address.bytes[i] &= static_cast<unsigned char>(0xff00 >> kept);
  }
  return address;
}

// "[address]/length" and "[address/length]" as "address/length".
Result<std::string> without_brackets(std::string_view text) {
  if (!text.starts_with('[')) return std::string(text);
  const std::size_t closing = text.find(']');
  if (closing == std::string_view::npos)
    return Error::syntax("missing ']' character after " + quoted(text));
  const std::string_view rest = text.substr(closing + 1);
  if (!rest.empty() && !rest.starts_with('/'))
    return Error::syntax("garbage after " + quoted(text.substr(0, closing + 1)));
  return std::string(text.substr(1, closing - 1)) + std::string(rest);
}

}  // namespace

std::optional<NetworkAddress> NetworkAddress::parse(std::string_view text) {
  NetworkAddress address;
  address.family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  if (inet_pton(address.family, std::string(text).c_str(), address.bytes.data()) != 1)
    return std::nullopt;
  return address;
}

int NetworkAddress::bits() const {
  return family == AF_INET ? 32 : 128;
}

std::string NetworkAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(family, bytes.data(), buffer, sizeof buffer);
}

Result<AddressPattern> AddressPattern::parse(std::string_view text) {
  const Result<std::string> plain = without_brackets(text);
  if (!plain) return plain.error();
  const std::size_t slash = plain->find('/');
  AddressPattern pattern;
  if (slash == std::string::npos) {
    const auto address = NetworkAddress::parse(*plain);
    if (!address) return Error::syntax("bad address pattern: " + quoted(*plain));
    pattern.network_ = *address;
    pattern.length_ = address->bits();
    return pattern;
  }
  const std::string_view mask = std::string_view(*plain).substr(slash + 1);
  if (mask.empty() || !std::ranges::all_of(mask, util::is_digit))
    return Error::syntax("bad mask value in " + quoted(*plain));
  const std::string net = plain->substr(0, slash);
  const int bits = net.find(':') == std::string::npos ? 32 : 128;
  const int length = util::to_int(mask).value_or(bits + 1);
  if (length > bits) return Error::syntax("bad mask length in " + quoted(*plain));
  const auto address = NetworkAddress::parse(net);
  if (!address) return Error::syntax("bad network value in " + quoted(*plain));
  pattern.network_ = masked(*address, length);
  pattern.length_ = length;
  if (pattern.network_ == *address) return pattern;
  return Error::syntax("non-null host address bits in " + quoted(*plain) +
                       ", perhaps you should use \"" + pattern.network_.text() + '/' +
                       std::to_string(length) + "\" instead");
}

bool AddressPattern::contains(const NetworkAddress& address) const {
  return same_family(address) && masked(address, length_) == network_;
}

}  // namespace handoff::tables
