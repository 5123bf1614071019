// tcp_protocol.h - questions and answers of tcp_table(5).
#pragma once

#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::tables {

inline constexpr std::size_t kTcpReplyLimit = 4096;

// What is not printable, blanks and "%" as "%20".
std::string quote_tcp(std::string_view text);

struct TcpReply {
  enum class Kind { Found, NotFound, Unavailable };

  Kind kind = Kind::Unavailable;
  std::string text;

  // The error is what stock's log says: "malformed reply: TEXT".
  static util::Result<TcpReply> parse(std::string_view line);
};

}  // namespace handoff::tables
