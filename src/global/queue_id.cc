#include "global/queue_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "util/text.h"

namespace handoff::global {
namespace {

// No vowels, so that no name is a word. The inode has one digit fewer: "z" ends the time.
constexpr std::string_view kDigits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
constexpr unsigned kTimeBase = 52;
constexpr unsigned kInodeBase = 51;
constexpr char kInodeMark = 'z';
constexpr std::size_t kSecondsDigits = 6;
constexpr std::size_t kMicrosecondsDigits = 4;
constexpr std::size_t kShortTimeDigits = 5;
constexpr std::size_t kNameLimit = 255;
constexpr std::size_t kQueueNameLimit = 100;

std::string encode(std::uint64_t number, unsigned base, std::size_t width) {
  std::string digits;
  do {
    digits += kDigits[number % base];
    number /= base;
  } while (number > 0);
  if (digits.size() < width) digits.append(width - digits.size(), kDigits[0]);
  std::ranges::reverse(digits);
  return digits;
}

std::optional<std::uint64_t> decode(std::string_view digits, unsigned base) {
  std::uint64_t number = 0;
  if (digits.empty()) return std::nullopt;
  for (const char digit : digits) {
    const std::size_t value = kDigits.find(digit);
    if (value >= base) return std::nullopt;  // npos is, too
    if (number > (UINT64_MAX - value) / base) return std::nullopt;
    number = number * base + value;
  }
  return number;
}

std::optional<std::uint64_t> decode_hex(std::string_view digits) {
  std::uint64_t number = 0;
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  for (const char digit : digits) {
    const std::size_t value = std::string_view("0123456789ABCDEF").find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    number = number * 16 + value;
  }
  return number;
}

// The characters that choose the subdirectory. Those of a long name would change too rarely.
std::string hash_key(std::string_view id) {
  if (!is_long_queue_id(id)) return std::string(id);
  const std::string_view digits =
      id.substr(id.rfind(kInodeMark) - kMicrosecondsDigits, kMicrosecondsDigits);
  const auto microseconds = decode(digits, kTimeBase);
  return microseconds ? fmt::format("{:05X}", *microseconds) : std::string(id);
}

}  // namespace

std::string short_queue_id(const TimeStamp& time, ino_t inode) {
  return fmt::format("{:05X}{:X}", time.microseconds, inode);
}

std::string long_queue_id(const TimeStamp& time, ino_t inode) {
  return encode(static_cast<std::uint64_t>(time.seconds), kTimeBase, kSecondsDigits) +
         encode(static_cast<std::uint64_t>(time.microseconds), kTimeBase, kMicrosecondsDigits) +
         kInodeMark + encode(inode, kInodeBase, 1);
}

bool is_long_queue_id(std::string_view id) {
  const std::size_t mark = id.rfind(kInodeMark);
  return mark != std::string_view::npos && mark >= kSecondsDigits + kMicrosecondsDigits;
}

bool is_queue_id(std::string_view id) {
  return !id.empty() && id.size() <= kNameLimit &&
         std::ranges::all_of(id, [](char c) { return util::is_alnum(c) || c == '_'; });
}

bool is_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= kQueueNameLimit &&
         std::ranges::all_of(name, util::is_alnum);
}

std::optional<ino_t> inode_of_queue_id(std::string_view id) {
  if (is_long_queue_id(id)) return decode(id.substr(id.rfind(kInodeMark) + 1), kInodeBase);
  if (id.size() <= kShortTimeDigits) return std::nullopt;
  return decode_hex(id.substr(kShortTimeDigits));
}

std::string queue_id_hash(std::string_view id, int depth) {
  const std::string key = hash_key(id);
  std::string path;
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(depth, 0)); ++i) {
    path += i < key.size() ? key[i] : '_';
    path += '/';
  }
  return path;
}

}  // namespace handoff::global
