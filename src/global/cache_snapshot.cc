#include "global/cache_snapshot.h"

#include <chrono>

#include "util/in_memory_file.h"

namespace handoff::global {
namespace {

using util::Error;
namespace attr0 = util::attr0;

constexpr std::string_view kName = "cache snapshot";
constexpr std::size_t kSizeLimit = std::size_t{1} << 30;

struct Header {
  std::int64_t taken_at_ms = 0;
  std::uint32_t sessions = 0;
  std::uint32_t bindings = 0;
  std::uint32_t clients = 0;

  static constexpr auto kFields = std::tuple{
      attr0::Field{"taken_at", &Header::taken_at_ms}, attr0::Field{"sessions", &Header::sessions},
      attr0::Field{"bindings", &Header::bindings}, attr0::Field{"clients", &Header::clients}};
};

// The lists of a snapshot, one after the other.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename Record>
  util::Result<Record> next() {
    attr0::ListScanner scanner;
    const auto length = scanner.scan(rest_);
    if (!length) return length.error();
    if (!*length) return Error::protocol("the snapshot ends too early");
    const std::string_view list = rest_.substr(0, **length);
    rest_.remove_prefix(**length);
    return attr0::decode<Record>(list, kName);
  }

  template <typename Record>
  util::Status read(std::uint32_t count, std::vector<Record>& into) {
    for (std::uint32_t i = 0; i < count; ++i) {
      auto record = next<Record>();
      if (!record) return std::move(record).error();
      into.push_back(*std::move(record));
    }
    return {};
  }

 private:
  std::string_view rest_;
};

}  // namespace

EncodedSnapshot encode_snapshot(const MultiSessionCache& cache, util::Scheduler::TimePoint now,
                                std::uint32_t clients) {
  EncodedSnapshot snapshot;
  std::string records;
  cache.for_each_session([&](const MultiSessionCache::SessionView& session) {
    records += attr0::encode(SessionRecord{.endpoint = std::string(session.endpoint),
                                           .property = std::string(session.property),
                                           .farewell = std::string(session.farewell),
                                           .watched = session.watched ? 1U : 0U,
                                           .age_ms = session.age.count(),
                                           .remaining_ms = session.remaining.count()});
    snapshot.connections.push_back(session.connection);
  });
  std::uint32_t bindings = 0;
  cache.for_each_binding([&](const MultiSessionCache::BindingView& binding) {
    records += attr0::encode(BindingRecord{.destination = std::string(binding.destination),
                                           .property = std::string(binding.property),
                                           .endpoint = std::string(binding.endpoint),
                                           .remaining_ms = binding.remaining.count()});
    ++bindings;
  });
  const auto since_start =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  snapshot.bytes =
      attr0::encode(Header{.taken_at_ms = since_start.count(),
                           .sessions = static_cast<std::uint32_t>(snapshot.connections.size()),
                           .bindings = bindings,
                           .clients = clients}) +
      records;
  return snapshot;
}

util::Result<CacheSnapshot> decode_snapshot(std::string_view bytes) {
  Reader reader(bytes);
  const auto header = reader.next<Header>();
  if (!header) return header.error();
  CacheSnapshot snapshot{.taken_at_ms = header->taken_at_ms,
                         .sessions = {},
                         .bindings = {},
                         .clients = header->clients};
  if (auto read = reader.read(header->sessions, snapshot.sessions); !read) return read.error();
  if (auto read = reader.read(header->bindings, snapshot.bindings); !read) return read.error();
  return snapshot;
}

util::Result<CacheSnapshot> read_snapshot(int file) {
  const auto bytes = util::read_whole_file(file, kSizeLimit);
  if (!bytes) return bytes.error();
  return decode_snapshot(*bytes);
}

}  // namespace handoff::global
