// address_pattern.h - network addresses as cidr tables and match lists name them:
// "192.0.2.0/24", "[2001:db8::]/32", "[2001:db8::/32]".
//
// IPv4 and IPv6 never match each other, not even as ::ffff:192.0.2.1.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "util/result.h"

namespace handoff::tables {

struct NetworkAddress {
  // A plain number, without brackets or a zone; nothing for anything else.
  static std::optional<NetworkAddress> parse(std::string_view text);

  int family = 0;
  std::array<unsigned char, 16> bytes{};  // the first four of them for IPv4

  [[nodiscard]] int bits() const;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const NetworkAddress&, const NetworkAddress&) = default;
};

class AddressPattern {
 public:
  // The error is what follows the place: `bad mask length in "10.0.0.0/33"`.
  static util::Result<AddressPattern> parse(std::string_view text);

  [[nodiscard]] bool same_family(const NetworkAddress& address) const {
    return address.family == network_.family;
  }
  [[nodiscard]] bool contains(const NetworkAddress& address) const;

 private:
  NetworkAddress network_;
  int length_ = 0;
};

}  // namespace handoff::tables
