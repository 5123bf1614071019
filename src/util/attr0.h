// attr0.h - attribute lists as our programs send them to one another (spec/ipc.md 2).
//
// A list is NAME NUL VALUE NUL ... and an empty name at its end; values are text without NUL. A
// message is a struct that lists its attributes in wire order, for both ends and for the tests:
//
//   struct SaveEndpoint {
//     std::chrono::seconds ttl{};
//     std::string label;
//     static constexpr auto kFields =
//         std::tuple{attr0::Constant{attr::kRequest, request::kSaveEndpoint},
//                    attr0::Field{attr::kTtl, &SaveEndpoint::ttl},
//                    attr0::Field{attr::kLabel, &SaveEndpoint::label}};
//   };
//
// On the wire: int, unsigned, enum and seconds are INT (32 bits, unsigned decimal), 64-bit integers
// and milliseconds are LONG, strings are STR, types with to_bytes() and from_bytes() are DATA
// (base64).
//
// Reading is strict, as stock's: exactly these attributes in this order; a surplus attribute
// behind the last one is logged and forgiven. A member that is a std::optional may be missing,
// which stock's messages do not know. What is wrong is logged as a warning in stock's words, with
// `peer` as the name of the other end. Length limits are ours (stock has none).
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "util/result.h"
#include "util/stream.h"
#include "util/text.h"

namespace handoff::util::attr0 {

constexpr std::size_t kStringLimit = std::size_t{1} << 20;
constexpr std::size_t kListLimit = std::size_t{16} << 20;

// --- What a message consists of.

// An attribute that holds a member.
template <typename Message, typename Value>
struct Field {
  std::string_view name;
  Value Message::*member;
};
template <typename Message, typename Value>
Field(std::string_view, Value Message::*) -> Field<Message, Value>;

// The attributes of a member that is itself such a struct, in place.
template <typename Message, typename Part>
struct Group {
  Part Message::*member;
};
template <typename Message, typename Part>
Group(Part Message::*) -> Group<Message, Part>;

// The first attribute of such a struct: where it is missing, an optional group is.
template <typename Part>
constexpr std::string_view first_name() {
  return std::get<0>(Part::kFields).name;
}

// An attribute that always has this value; the reader insists on it.
struct Constant {
  std::string_view name;
  std::string_view value;
};

// --- Values as text.

template <typename T>
concept Opaque = requires(const T value, std::string_view bytes) {
  { value.to_bytes() } -> std::convertible_to<std::string>;
  { T::from_bytes(bytes) } -> std::same_as<Result<T>>;
};

// sscanf("%u") and "%lu" as stock uses them: leading blanks, a sign and leading zeros are fine,
// larger values are taken modulo 2^32 (2^64), anything behind the digits is an error.
std::optional<std::uint64_t> parse_number(std::string_view text);

template <typename T>
std::string to_text(const T& value) {
  if constexpr (std::is_convertible_v<T, std::string_view>) {
    return std::string(std::string_view(value));
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<std::uint32_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(static_cast<std::make_unsigned_t<T>>(value));
  } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
    return std::to_string(static_cast<std::uint32_t>(value.count()));
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    return std::to_string(static_cast<std::uint64_t>(value.count()));
  } else {
    static_assert(Opaque<T>, "no representation on the wire");
    return base64_encode(value.to_bytes());
  }
}

// The complaint when the text is no such value ("malformed numerical data"), else empty.
template <typename T>
std::string_view from_text(std::string_view text, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
  } else if constexpr (Opaque<T>) {
    const auto bytes = base64_decode(text);
    if (!bytes) return "malformed base64 data";
    auto decoded = T::from_bytes(*bytes);
    if (!decoded) return "malformed data";
    value = *std::move(decoded);
  } else {
    const auto number = parse_number(text);
    if (!number) return "malformed numerical data";
    if constexpr (std::is_same_v<T, std::chrono::seconds>) {
      value = std::chrono::seconds(static_cast<std::int32_t>(*number));
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
      value = std::chrono::milliseconds(static_cast<std::int64_t>(*number));
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(static_cast<std::int32_t>(*number));
    } else {
      static_assert(std::is_integral_v<T>, "no representation on the wire");
      value = static_cast<T>(*number);
    }
  }
  return {};
}

// --- Writing.

void put(std::string& list, std::string_view name, std::string_view value);
inline void end_list(std::string& list) {
  list += '\0';
}

template <typename Message>
void put_fields(std::string& list, const Message& message);

namespace internal {
template <typename Message, typename Value>
void put_item(std::string& list, const Message& message, const Field<Message, Value>& field) {
  put(list, field.name, to_text(message.*field.member));
}
template <typename Message, typename Part>
void put_item(std::string& list, const Message& message, const Group<Message, Part>& group) {
  put_fields(list, message.*group.member);
}
template <typename Message, typename Value>
void put_item(std::string& list, const Message& message,
              const Field<Message, std::optional<Value>>& field) {
  if (const auto& value = message.*field.member) put(list, field.name, to_text(*value));
}
template <typename Message, typename Part>
void put_item(std::string& list, const Message& message,
              const Group<Message, std::optional<Part>>& group) {
  if (const auto& part = message.*group.member) put_fields(list, *part);
}
template <typename Message>
void put_item(std::string& list, const Message&, const Constant& constant) {
  put(list, constant.name, constant.value);
}
}  // namespace internal

template <typename Message>
void put_fields(std::string& list, const Message& message) {
  std::apply([&](const auto&... item) { (internal::put_item(list, message, item), ...); },
             Message::kFields);
}

// The complete list, with its end.
template <typename Message>
std::string encode(const Message& message) {
  std::string list;
  put_fields(list, message);
  end_list(list);
  return list;
}

// --- Reading.

// Finds the end of a list in bytes that arrive in pieces, looking at each byte once.
class ListScanner {
 public:
  // `bytes`: all that has come since the list began. The length of the list, with its end, or
  // nothing as long as that has not come; Limit when it is longer than we are willing to take.
  Result<std::optional<std::size_t>> scan(std::string_view bytes);
  // Where the scan stands, for the log: within a "name" or a "value"?
  [[nodiscard]] std::string_view standing_at() const { return in_value_ ? "value" : "name"; }

 private:
  std::size_t string_start_ = 0;
  std::size_t scanned_ = 0;
  bool in_value_ = false;
};

// Walks through one complete list.
class ListReader {
 public:
  // What to do about an attribute that is not the next one: it ends the reading, with a warning;
  // or it is passed over, as some of stock's servers do.
  enum class Unknown { Refuse, Skip };

  // Complaints are logged, unless somebody wants the last one for himself.
  ListReader(std::string_view list, std::string_view peer, Unknown unknown = Unknown::Refuse,
             std::string* complaint = nullptr)
      : rest_(list), peer_(peer), unknown_(unknown), complaint_(complaint) {}

  // Is the next attribute called `name`?
  [[nodiscard]] bool at(std::string_view name) const;

  // The value of the next attribute, which must be called `name`. Nothing, and a warning, when
  // it is not; then nothing more can be read.
  std::optional<std::string_view> next(std::string_view name);
  template <typename T>
  bool read(std::string_view name, T& value) {
    const auto text = next(name);
    if (!text) return false;
    const std::string_view complaint = from_text(*text, value);
    return complaint.empty() || malformed(complaint, *text);
  }
  bool read_constant(const Constant& constant);
  // Whatever is left is surplus: a warning for the first such attribute, unless it is skipped.
  void finish();

 private:
  struct Attribute {
    std::string_view name;
    std::string_view value;
  };
  std::optional<Attribute> take();
  bool malformed(std::string_view complaint, std::string_view text);
  void complain(std::string text);

  std::string_view rest_;
  std::string_view peer_;
  Unknown unknown_;
  std::string* complaint_;
};

template <typename Message>
bool read_fields(ListReader& reader, Message& message);

namespace internal {
template <typename Message, typename Value>
bool read_item(ListReader& reader, Message& message, const Field<Message, Value>& field) {
  return reader.read(field.name, message.*field.member);
}
template <typename Message, typename Part>
bool read_item(ListReader& reader, Message& message, const Group<Message, Part>& group) {
  return read_fields(reader, message.*group.member);
}
template <typename Message, typename Value>
bool read_item(ListReader& reader, Message& message,
               const Field<Message, std::optional<Value>>& field) {
  return !reader.at(field.name) || reader.read(field.name, (message.*field.member).emplace());
}
template <typename Message, typename Part>
bool read_item(ListReader& reader, Message& message,
               const Group<Message, std::optional<Part>>& group) {
  return !reader.at(first_name<Part>()) || read_fields(reader, (message.*group.member).emplace());
}
template <typename Message>
bool read_item(ListReader& reader, Message&, const Constant& constant) {
  return reader.read_constant(constant);
}
}  // namespace internal

template <typename Message>
bool read_fields(ListReader& reader, Message& message) {
  return std::apply(
      [&](const auto&... item) { return (internal::read_item(reader, message, item) && ...); },
      Message::kFields);
}

// One complete list as a message. Protocol when it is not one (what exactly has been logged).
template <typename Message>
Result<Message> decode(std::string_view list, std::string_view peer,
                       ListReader::Unknown unknown = ListReader::Unknown::Refuse) {
  ListReader reader(list, peer, unknown);
  Message message;
  if (!read_fields(reader, message))
    return Error::protocol(std::string(peer) + ": malformed message");
  reader.finish();
  return message;
}

// --- On a stream, for synchronous clients and servers.

// One complete list. Closed, silently, at an end-of-file before its first byte; other ends and
// time-outs within it are logged in stock's words.
Result<std::string> receive_list(Stream& stream);

template <typename Message>
Result<Message> receive(Stream& stream) {
  auto list = receive_list(stream);
  if (!list) return std::move(list).error();
  return decode<Message>(*list, stream.name());
}

// Goes out with the next flush or read.
template <typename Message>
Status send(Stream& stream, const Message& message) {
  return stream.write(encode(message));
}

// The list that a server sends first, "protocol" = `name`; and the client's side of it, where only
// another protocol's name fails (spec/ipc.md 3.2): silence shows in what follows.
std::string announcement(std::string_view name);
Status receive_announcement(Stream& stream, std::string_view name);

}  // namespace handoff::util::attr0
