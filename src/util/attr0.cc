#include "util/attr0.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "util/msg.h"

namespace handoff::util::attr0 {
namespace {

constexpr std::string_view kProtocol = "protocol";  // the one attribute name that util knows
constexpr std::string_view kEndOfList = "(list terminator)";
constexpr std::size_t kShownBytes = 100;

// Braces around a table stand alone, without a value.
bool is_brace(std::string_view name) {
  return name == "{" || name == "}";
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  text = trim_left(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return negative ? 0 - value : value;
}

void put(std::string& list, std::string_view name, std::string_view value) {
  list += name;
  list += '\0';
  list += value;
  list += '\0';
}

Result<std::optional<std::size_t>> ListScanner::scan(std::string_view bytes) {
  while (true) {
    const std::size_t end = bytes.find('\0', scanned_);
    const std::size_t reached = end == std::string_view::npos ? bytes.size() : end;
    if (reached - string_start_ > kStringLimit || reached > kListLimit)
      return Error::limit("attribute list too long");
    if (end == std::string_view::npos) {
      scanned_ = bytes.size();
      return std::optional<std::size_t>();
    }
    const std::string_view string = bytes.substr(string_start_, end - string_start_);
    if (!in_value_ && string.empty()) return std::optional(end + 1);
    in_value_ = !in_value_ && !is_brace(string);
    scanned_ = string_start_ = end + 1;
  }
}

std::optional<ListReader::Attribute> ListReader::take() {
  const auto string = [this] {
    const std::string_view bytes = rest_.substr(0, rest_.find('\0'));
    rest_.remove_prefix(std::min(bytes.size() + 1, rest_.size()));
    return bytes;
  };
  const std::string_view name = string();
  if (name.empty()) return std::nullopt;
  return Attribute{name, is_brace(name) ? std::string_view() : string()};
}

bool ListReader::at(std::string_view name) const {
  return !name.empty() && rest_.substr(0, rest_.find('\0')) == name;
}

void ListReader::complain(std::string text) {
  if (complaint_ != nullptr)
    *complaint_ = std::move(text);
  else
    msg::warn("{}", text);
}

std::optional<std::string_view> ListReader::next(std::string_view name) {
  auto attribute = take();
  while (attribute && attribute->name != name && unknown_ == Unknown::Skip) attribute = take();
  if (!attribute) {
    complain(fmt::format("missing attribute {} in input from {}", name, peer_));
    return std::nullopt;
  }
  if (attribute->name == name) return attribute->value;
  complain(
      fmt::format("unexpected attribute {} from {} (expecting: {})", attribute->name, peer_, name));
  return std::nullopt;
}

bool ListReader::read_constant(const Constant& constant) {
  const auto value = next(constant.name);
  if (!value) return false;
  if (*value == constant.value) return true;
  complain(fmt::format("unexpected {} {} from {} (expected: {})", constant.name, *value, peer_,
                       constant.value));
  return false;
}

bool ListReader::malformed(std::string_view complaint, std::string_view text) {
  complain(fmt::format("{} from {} while reading input attribute value: {}", complaint, peer_,
                       text.substr(0, kShownBytes)));
  return false;
}

void ListReader::finish() {
  const auto surplus = take();
  if (surplus && unknown_ == Unknown::Refuse)
    complain(fmt::format("unexpected attribute {} from {} (expecting: {})", surplus->name, peer_,
                         kEndOfList));
  rest_ = {};
}

Result<std::string> receive_list(Stream& stream) {
  ListScanner scanner;
  auto bytes = stream.peek();
  while (bytes) {
    const auto length = scanner.scan(*bytes);
    if (!length) {
      msg::warn("{}: {}", stream.name(), length.error().what);
      return length.error();
    }
    if (*length) return stream.read_exactly(**length);
    bytes = stream.more();
  }
  const bool begun = !stream.unread().empty();
  if (begun && bytes.error().kind == Error::Kind::Closed) {
    msg::warn("unexpected end-of-input from {} while reading input attribute {}", stream.name(),
              scanner.standing_at());
    return Error::protocol(stream.name() + ": truncated message");
  }
  if (begun && bytes.error().kind == Error::Kind::Timeout)
    msg::warn("timeout on {} while reading input attribute {}", stream.name(),
              scanner.standing_at());
  return bytes.error();
}

std::string announcement(std::string_view name) {
  std::string list;
  put(list, kProtocol, name);
  end_list(list);
  return list;
}

Status receive_announcement(Stream& stream, std::string_view name) {
  const auto list = receive_list(stream);
  if (!list) return list.error();
  ListReader reader(*list, stream.name());
  const auto value = reader.next(kProtocol);
  if (value && *value != name) {
    msg::warn("unexpected protocol {} from {} (expected: {})", *value, stream.name(), name);
    return Error::protocol("unexpected protocol from " + stream.name());
  }
  if (value) reader.finish();
  return {};
}

}  // namespace handoff::util::attr0
