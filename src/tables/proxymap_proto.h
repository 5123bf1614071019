// proxymap_proto.h - what proxymap(8) is asked, and its answers (spec/tables.md 7).
//
// A connection carries any number of requests, one after another, behind the server's
// announcement.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "util/attr0.h"

namespace handoff::tables::proxymap {

inline constexpr std::string_view kProtocol = "proxymap_protocol";
inline constexpr std::string_view kClass = "private";

namespace attr {
inline constexpr std::string_view kRequest = "request";
inline constexpr std::string_view kTable = "table";
inline constexpr std::string_view kFlags = "flags";
inline constexpr std::string_view kKey = "key";
inline constexpr std::string_view kValue = "value";
inline constexpr std::string_view kFunction = "function";
inline constexpr std::string_view kStatus = "status";
}  // namespace attr

enum class Status : int {
  Ok = 0,
  NoKey = 1,
  Retry = 2,
  Malformed = 3,
  Denied = 4,
  Misconfigured = 5,
};

using util::attr0::Constant;
using util::attr0::Field;

struct Open {
  std::string table;
  std::uint32_t flags = 0;

  static constexpr auto kFields =
      std::tuple{Constant{attr::kRequest, "open"}, Field{attr::kTable, &Open::table},
                 Field{attr::kFlags, &Open::flags}};
};
struct OpenReply {
  Status status = Status::Malformed;
  std::uint32_t flags = 0;

  static constexpr auto kFields =
      std::tuple{Field{attr::kStatus, &OpenReply::status}, Field{attr::kFlags, &OpenReply::flags}};
};

struct Lookup {
  std::string table;
  std::uint32_t flags = 0;
  std::string key;

  static constexpr auto kFields =
      std::tuple{Constant{attr::kRequest, "lookup"}, Field{attr::kTable, &Lookup::table},
                 Field{attr::kFlags, &Lookup::flags}, Field{attr::kKey, &Lookup::key}};
};
struct LookupReply {
  Status status = Status::Malformed;
  std::string value;

  static constexpr auto kFields = std::tuple{Field{attr::kStatus, &LookupReply::status},
                                             Field{attr::kValue, &LookupReply::value}};
};

struct Update {
  std::string table;
  std::uint32_t flags = 0;
  std::string key;
  std::string value;

  static constexpr auto kFields =
      std::tuple{Constant{attr::kRequest, "update"}, Field{attr::kTable, &Update::table},
                 Field{attr::kFlags, &Update::flags}, Field{attr::kKey, &Update::key},
                 Field{attr::kValue, &Update::value}};
};
struct Delete {
  std::string table;
  std::uint32_t flags = 0;
  std::string key;

  static constexpr auto kFields =
      std::tuple{Constant{attr::kRequest, "delete"}, Field{attr::kTable, &Delete::table},
                 Field{attr::kFlags, &Delete::flags}, Field{attr::kKey, &Delete::key}};
};
struct StatusReply {
  Status status = Status::Malformed;

  static constexpr auto kFields = std::tuple{Field{attr::kStatus, &StatusReply::status}};
};

struct Sequence {
  std::string table;
  std::uint32_t flags = 0;
  int function = 0;  // 0: the first entry, 1: the next one

  static constexpr auto kFields = std::tuple{
      Constant{attr::kRequest, "sequence"}, Field{attr::kTable, &Sequence::table},
      Field{attr::kFlags, &Sequence::flags}, Field{attr::kFunction, &Sequence::function}};
};
struct SequenceReply {
  Status status = Status::Malformed;
  std::string key;
  std::string value;

  static constexpr auto kFields = std::tuple{Field{attr::kStatus, &SequenceReply::status},
                                             Field{attr::kKey, &SequenceReply::key},
                                             Field{attr::kValue, &SequenceReply::value}};
};

}  // namespace handoff::tables::proxymap
