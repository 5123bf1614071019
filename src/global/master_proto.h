// master_proto.h - what master(8) and its daemons agree upon (spec/master.md 2 and 3).
//
// Shared by the launcher (src/master) and the skeletons (src/service): descriptor numbers, the
// status record, the names in the environment, and the words for service types.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace handoff::global::master_proto {

// Descriptors that a daemon inherits.
constexpr int kFlowReadFd = 3;  // tokens for receiving daemons, shared by the whole instance
constexpr int kFlowWriteFd = 4;
constexpr int kStatusFd = 5;  // records go out; end-of-file says that master is gone
constexpr int kFirstListenerFd = 6;

// Environment.
constexpr const char* kGenerationVariable = "GENERATION";  // octal digits
constexpr const char* kConfigVariable = "MAIL_CONFIG";
constexpr const char* kLogTagVariable = "MAIL_LOGTAG";
constexpr const char* kPostlogSocketVariable = "POSTLOG_SERVICE";
constexpr const char* kPostlogHostVariable = "POSTLOG_HOSTNAME";
// Ours: the descriptor of a main.cf to be used instead of the file, see main_cf_snapshot.h.
constexpr const char* kMainCfVariable = "HANDOFF_MAIN_CF";
constexpr const char* kVerboseVariable = "MAIL_VERBOSE";
constexpr const char* kDebugVariable = "MAIL_DEBUG";

// A wake-up: this byte, then on a socket one NUL.
constexpr char kWakeupByte = 'W';

namespace type {
constexpr std::string_view kInet = "inet";
constexpr std::string_view kUnix = "unix";
constexpr std::string_view kUnixDatagram = "unix-dgram";
constexpr std::string_view kFifo = "fifo";
constexpr std::string_view kPass = "pass";
}  // namespace type

namespace directory {
constexpr std::string_view kPrivate = "private";
constexpr std::string_view kPublic = "public";
constexpr std::string_view kPid = "pid";
}  // namespace directory

// "I have taken a client", "I am available again".
enum class Availability : std::int32_t { Taken = 0, Available = 1 };

// 12 bytes, host byte order, one write each.
struct StatusRecord {
  std::int32_t pid = 0;
  std::uint32_t generation = 0;
  std::int32_t availability = 0;

  bool operator==(const StatusRecord&) const = default;
};
static_assert(sizeof(StatusRecord) == 12);

inline std::array<char, sizeof(StatusRecord)> encode(const StatusRecord& record) {
  std::array<char, sizeof(StatusRecord)> bytes{};
  std::memcpy(bytes.data(), &record, sizeof record);
  return bytes;
}

inline std::optional<StatusRecord> decode(std::span<const char> bytes) {
  if (bytes.size() != sizeof(StatusRecord)) return std::nullopt;
  StatusRecord record;
  std::memcpy(&record, bytes.data(), sizeof record);
  return record;
}

}  // namespace handoff::global::master_proto
