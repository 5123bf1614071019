#include "global/record.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "util/text.h"

namespace handoff::global {
namespace {

// 5 groups of 7 bits, as stock 3.7 reads them.
constexpr int kLengthBytes = 5;
constexpr std::size_t kHeaderLimit = 1 + kLengthBytes;
constexpr int kBackwardJumpLimit = 10000;
// Far beyond any file, and still far from where adding to an offset overflows.
constexpr std::int64_t kOffsetLimit = std::int64_t{1} << 62;

struct Header {
  std::size_t size = 0;  // of the type and the length; 0 = more bytes are needed
  std::size_t length = 0;
};

Result<Header> parse_header(std::string_view bytes) {
  if (bytes.empty()) return Header{};
  const int type = static_cast<unsigned char>(bytes[0]);
  std::uint64_t length = 0;
  for (int i = 0; i < kLengthBytes; ++i) {
    const auto at = static_cast<std::size_t>(i) + 1;
    if (at >= bytes.size()) return Header{};
    const auto byte = static_cast<unsigned char>(bytes[at]);
    length |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if ((byte & 0x80U) != 0) continue;
    const auto as_int = static_cast<std::int32_t>(length);
    if (as_int < 0 || length > INT32_MAX)
      return Error::syntax(fmt::format("illegal length {}, record type {}", as_int, type));
    return Header{at + 1, static_cast<std::size_t>(length)};
  }
  return Error::syntax(fmt::format("too many length bits, record type {}", type));
}

Error in_file(const std::string& name, const Error& error) {
  return {error.kind, name + ": " + error.what, error.code};
}

}  // namespace

void append_record(std::string& out, RecordType type, std::string_view data) {
  out += static_cast<char>(type);
  std::size_t rest = data.size();
  for (; rest > 0x7f; rest >>= 7) out += static_cast<char>((rest & 0x7f) | 0x80);
  out += static_cast<char>(rest);
  out += data;
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
  std::string data(name);
  data += '=';
  data += value;
  append_record(out, RecordType::Attribute, data);
}

std::string fixed_width_number(std::int64_t number) {
  return fmt::format("{:>15}", number);
}

std::size_t record_size(std::size_t data_length) {
  std::size_t size = 2 + data_length;
  for (; data_length > 0x7f; data_length >>= 7) ++size;
  return size;
}

void RecordDecoder::feed(std::string_view bytes) {
  bytes_.erase(0, start_);
  consumed_ += static_cast<off_t>(start_);
  start_ = 0;
  bytes_ += bytes;
}

Result<std::optional<Record>> RecordDecoder::next() {
  const std::string_view rest = std::string_view(bytes_).substr(start_);
  auto header = parse_header(rest.substr(0, kHeaderLimit));
  if (!header) return std::move(header).error();
  if (header->size == 0) return std::optional<Record>();
  if (header->length > data_limit_)
    return Error::limit(fmt::format("illegal length {}, record type {}", header->length,
                                    static_cast<unsigned char>(rest[0])));
  if (rest.size() < header->size + header->length) return std::optional<Record>();

  Record record{static_cast<RecordType>(rest[0]), rest.substr(header->size, header->length),
                consumed_ + static_cast<off_t>(start_)};
  start_ += header->size + header->length;
  return std::optional<Record>(record);
}

RecordFile::RecordFile(int fd, std::string name, std::size_t chunk)
    : fd_(fd), name_(std::move(name)), chunk_(chunk) {}

void RecordFile::seek(off_t offset) {
  position_ = offset;
}

Status RecordFile::load(std::size_t count) {
  // A length that the file cannot hold must not make us reserve memory for it.
  if (count > chunk_) {
    struct stat attributes {};
    if (fstat(fd_, &attributes) < 0) return Error::system(name_ + ": fstat", errno);
    const off_t left = std::max<off_t>(attributes.st_size - position_, 0);
    count = std::min(count, static_cast<std::size_t>(left));
  }
  const auto used = static_cast<std::size_t>(position_ - buffer_offset_);
  buffer_.erase(0, used);
  buffer_offset_ = position_;
  std::size_t have = buffer_.size();
  buffer_.resize(have + std::max(count, chunk_));
  while (have < count) {
    const ssize_t got = pread(fd_, buffer_.data() + have, buffer_.size() - have,
                              buffer_offset_ + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int code = errno;
      buffer_.resize(have);
      return Error::system(name_ + ": read", code);
    }
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  buffer_.resize(have);
  return {};
}

Result<std::string_view> RecordFile::peek(std::size_t count) {
  const off_t end = buffer_offset_ + static_cast<off_t>(buffer_.size());
  if (position_ < buffer_offset_ || position_ > end) {
    buffer_.clear();
    buffer_offset_ = position_;
  }
  auto used = static_cast<std::size_t>(position_ - buffer_offset_);
  if (buffer_.size() - used < count) {
    if (Status loaded = load(count); !loaded) return std::move(loaded).error();
    used = 0;
  }
  return std::string_view(buffer_).substr(used);
}

Result<Record> RecordFile::next_raw() {
  // Two bytes first: the shortest record, and the last one, must not cost a read at end of file.
  auto bytes = peek(2);
  if (!bytes) return std::move(bytes).error();
  if (bytes->empty()) return Error::closed(name_ + ": end of file");
  auto header = parse_header(bytes->substr(0, kHeaderLimit));
  if (header && header->size == 0) {
    bytes = peek(kHeaderLimit);
    if (!bytes) return std::move(bytes).error();
    header = parse_header(bytes->substr(0, kHeaderLimit));
  }
  if (!header) return in_file(name_, header.error());
  const auto type = static_cast<unsigned char>((*bytes)[0]);
  if (header->size == 0)
    return Error::syntax(
        fmt::format("{}: unexpected EOF reading length, record type {}", name_, type));

  const std::size_t whole = header->size + header->length;
  bytes = peek(whole);
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() < whole)
    return Error::syntax(fmt::format("{}: unexpected EOF in data, record type {} length {}", name_,
                                     type, header->length));
  const Record record{static_cast<RecordType>(type), bytes->substr(header->size, header->length),
                      position_};
  position_ += static_cast<off_t>(whole);
  return record;
}

Status RecordFile::follow(const Record& pointer) {
  const auto target = util::to_int64(util::trim(pointer.data));
  if (!target || *target < 0 || *target > kOffsetLimit)
    return Error::syntax(fmt::format("{}: malformed pointer record value: {}", name_,
                                     util::printable(pointer.data.substr(0, 100))));
  if (*target == 0) return {};
  if (*target <= pointer.offset && ++backward_jumps_ > kBackwardJumpLimit)
    return Error::syntax(name_ + ": too many reverse jump records");
  seek(*target);
  return {};
}

Result<Record> RecordFile::next() {
  for (;;) {
    auto record = next_raw();
    if (!record || record->type != RecordType::Pointer) return record;
    if (Status followed = follow(*record); !followed) return std::move(followed).error();
  }
}

}  // namespace handoff::global
