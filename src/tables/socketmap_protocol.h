// socketmap_protocol.h - questions and answers of a socketmap server, as netstrings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::tables {

inline constexpr std::size_t kSocketmapReplyLimit = 100000;

// "7:mymap a,"
std::string encode_netstring(std::string_view text);

struct Netstring {
  std::string_view text;
  std::size_t length = 0;  // in all, with what is around the text
};

// The netstring at the beginning of `bytes`. Nothing: there are bytes missing. Error: it is none
// (Protocol), or longer than `limit` (Limit).
util::Result<std::optional<Netstring>> find_netstring(std::string_view bytes, std::size_t limit);

struct SocketmapReply {
  enum class Kind { Found, NotFound, Temporary, Timeout, Permanent, Unknown };

  Kind kind = Kind::Unknown;
  std::string text;  // the value, or why there is none

  static SocketmapReply parse(std::string_view text);
};

}  // namespace handoff::tables
