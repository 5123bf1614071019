// lmdb:/path, a file of LMDB.
//
// As in stock the library's own locks (a file of their own) are off, and a record lock on the whole
// file takes their place: shared to look up, exclusive to write. A table is built in one
// transaction under a shared lock, so that readers go on with the old content meanwhile; the
// exclusive lock before it waits for those who read pages that are about to be written over.
#include <fcntl.h>
#include <lmdb.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>

#include "plugins/indexed_file.h"
#include "plugins/plugin.h"

namespace handoff::plugins {
namespace {

// LMDB's own limit, as Debian builds it.
constexpr std::size_t kLongestKey = 511;

std::string lmdb_path(std::string_view name) {
  return std::string(name) + ".lmdb";
}

struct CloseEnvironment {
  void operator()(MDB_env* environment) const { mdb_env_close(environment); }
};
using Environment = std::unique_ptr<MDB_env, CloseEnvironment>;
struct EndTransaction {
  void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
};
using Transaction = std::unique_ptr<MDB_txn, EndTransaction>;
struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using Cursor = std::unique_ptr<MDB_cursor, CloseCursor>;

MDB_val item(const std::string& bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // LMDB does not write to it
}

std::string_view bytes_of(const MDB_val& item) {
  return {static_cast<const char*>(item.mv_data), item.mv_size};
}

int set_record_lock(int descriptor, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  while (::fcntl(descriptor, F_SETLKW, &lock) < 0)
    if (errno != EINTR) return errno;
  return 0;
}

// A record lock for as long as it exists. It belongs to the process: closing any descriptor of the
// file gives it up, so it never lasts longer than one operation.
class RecordLock {
 public:
  RecordLock(int descriptor, bool wanted, short type) : descriptor_(wanted ? descriptor : -1) {
    change(type);
  }
  RecordLock(const RecordLock&) = delete;
  RecordLock& operator=(const RecordLock&) = delete;
  ~RecordLock() { change(F_UNLCK); }

  void change(short type) {
    if (descriptor_ >= 0) error_ = set_record_lock(descriptor_, type);
  }
  [[nodiscard]] int error() const { return error_; }

 private:
  int descriptor_;
  int error_ = 0;
};

// Everything that the table and its builder need of a file; errors are those of LMDB, 0 is none.
class Database {
 public:
  int open(const std::string& path, bool writable, std::uint64_t map_size);
  int begin(bool writable, Transaction& transaction);
  // For more content; only between transactions.
  int grow();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] MDB_dbi handle() const { return handle_; }

 private:
  int open_handle(bool writable);
  // Reading behind the end of a file that was cut off would be a SIGBUS.
  [[nodiscard]] bool is_whole() const;

  Environment environment_;
  MDB_dbi handle_ = 0;
  int descriptor_ = -1;
};

int Database::open(const std::string& path, bool writable, std::uint64_t map_size) {
  MDB_env* made = nullptr;
  if (const int error = mdb_env_create(&made); error != 0) return error;
  environment_.reset(made);
  if (const int error = mdb_env_set_mapsize(made, map_size); error != 0) return error;
  // Each change reaches the disk: LMDB files that do not may be damaged as a whole by a crash.
  const unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | (writable ? 0U : MDB_RDONLY);
  if (const int error = mdb_env_open(made, path.c_str(), flags, 0644); error != 0) return error;
  return mdb_env_get_fd(made, &descriptor_);
}

bool Database::is_whole() const {
  MDB_envinfo info{};
  MDB_stat pages{};
  struct stat status {};
  if (mdb_env_info(environment_.get(), &info) != 0 ||
      mdb_env_stat(environment_.get(), &pages) != 0 || ::fstat(descriptor_, &status) != 0)
    return false;
  return static_cast<std::uint64_t>(status.st_size) >=
         (static_cast<std::uint64_t>(info.me_last_pgno) + 1) * pages.ms_psize;
}

int Database::begin(bool writable, Transaction& transaction) {
  if (!is_whole()) return MDB_CORRUPTED;
  MDB_txn* made = nullptr;
  const unsigned flags = writable ? 0 : MDB_RDONLY;
  int error = mdb_txn_begin(environment_.get(), nullptr, flags, &made);
  if (error == MDB_MAP_RESIZED) {  // by somebody else
    error = mdb_env_set_mapsize(environment_.get(), 0);
    if (error == 0) error = mdb_txn_begin(environment_.get(), nullptr, flags, &made);
  }
  if (error != 0) return error;
  transaction.reset(made);
  return mdb_dbi_open(made, nullptr, 0, &handle_);
}

int Database::grow() {
  MDB_envinfo info{};
  if (const int error = mdb_env_info(environment_.get(), &info); error != 0) return error;
  return mdb_env_set_mapsize(environment_.get(), info.me_mapsize * 2);
}

class LmdbTable : public Table {
 public:
  explicit LmdbTable(const Request& request)
      : host_(*request.host),
        name_("lmdb:" + std::string(view(request.name))),
        path_(lmdb_path(view(request.name))),
        lock_(request.lock || request.lock_while_open),
        replace_(request.replace_duplicates),
        ending_(request.trailing_nul, Nul::With) {}

  Answer open(const Request& request);

  [[nodiscard]] Properties properties() const override {
    return {true, true, database_.descriptor()};
  }
  Answer lookup(std::string_view key) override;
  Answer update(std::string_view key, std::string_view value) override;
  Answer remove(std::string_view key) override;
  Answer next(bool first, std::string& key) override;

 private:
  int find(const std::string& stored, std::string& value);
  template <typename Change>
  int write(Change change);
  int step(bool first, std::string& key, std::string& value);
  [[nodiscard]] Answer failure(const char* doing, int error) const {
    Answer answer =
        Answer::retry(std::string("error ") + doing + ' ' + name_ + ": " + mdb_strerror(error));
    warn(host_, answer.text);
    return answer;
  }

  const Host& host_;
  std::string name_;
  std::string path_;
  bool lock_;
  bool replace_;
  NulEnding ending_;
  Database database_;
  // Where next() goes on: a transaction that stayed open would keep old pages from being used.
  std::string position_;
};

Answer LmdbTable::open(const Request& request) {
  const bool writable = request.mode != Mode::Read;
  // LMDB would create it, and takes an empty file for a new one.
  const File file = File::open(
      path_, (writable ? O_RDWR : O_RDONLY) | (request.mode == Mode::Create ? O_CREAT : 0));
  if (!file) return Answer::retry(cannot_open(path_, errno_text(errno)));
  if (!writable && file.status().st_size == 0)
    return Answer::retry(cannot_open(path_, mdb_strerror(MDB_INVALID)));
  const int error = database_.open(path_, writable, request.map_size);
  if (error != 0) return Answer::retry(cannot_open(path_, mdb_strerror(error)));
  if (request.lock) warn_if_stale(*request.host, file, path_, std::string(view(request.name)));
  return Answer::done();
}

Answer LmdbTable::lookup(std::string_view key) {
  const RecordLock lock(database_.descriptor(), lock_, F_RDLCK);
  if (lock.error() != 0) return failure("locking", lock.error());
  for (const Nul ending : ending_.candidates()) {
    std::string value;
    const int error = find(NulEnding::append(key, ending), value);
    if (error == MDB_NOTFOUND) continue;
    if (error != 0) return failure("reading", error);
    ending_.found(ending);
    return Answer::found(std::move(value));
  }
  return Answer::absent();
}

int LmdbTable::find(const std::string& stored, std::string& value) {
  Transaction transaction;
  if (const int error = database_.begin(false, transaction); error != 0) return error;
  MDB_val key = item(stored);
  MDB_val found{};
  int error = mdb_get(transaction.get(), database_.handle(), &key, &found);
  if (error == MDB_BAD_VALSIZE) error = MDB_NOTFOUND;  // a key that LMDB cannot have
  if (error == 0) value = NulEnding::strip(bytes_of(found));
  return error;
}

// In a transaction of its own, again if the file must become larger first.
template <typename Change>
int LmdbTable::write(Change change) {
  while (true) {
    Transaction transaction;
    int error = database_.begin(true, transaction);
    if (error == 0) error = change(transaction.get());
    if (error == 0) error = mdb_txn_commit(transaction.release());
    if (error != MDB_MAP_FULL) return error;
    transaction.reset();
    if (const int grown = database_.grow(); grown != 0) return grown;
  }
}

Answer LmdbTable::update(std::string_view key, std::string_view value) {
  const RecordLock lock(database_.descriptor(), true, F_WRLCK);
  if (lock.error() != 0) return failure("locking", lock.error());
  const std::string stored_key = NulEnding::append(key, ending_.for_writing());
  const std::string stored_value = NulEnding::append(value, ending_.for_writing());
  const int error = write([&](MDB_txn* transaction) {
    MDB_val key_item = item(stored_key);
    MDB_val value_item = item(stored_value);
    return mdb_put(transaction, database_.handle(), &key_item, &value_item,
                   replace_ ? 0 : MDB_NOOVERWRITE);
  });
  if (error == MDB_KEYEXIST) return Answer::absent();
  return error == 0 ? Answer::done() : failure("updating", error);
}

Answer LmdbTable::remove(std::string_view key) {
  const RecordLock lock(database_.descriptor(), true, F_WRLCK);
  if (lock.error() != 0) return failure("locking", lock.error());
  for (const Nul ending : ending_.candidates()) {
    const std::string stored = NulEnding::append(key, ending);
    const int error = write([&](MDB_txn* transaction) {
      MDB_val wanted = item(stored);
      return mdb_del(transaction, database_.handle(), &wanted, nullptr);
    });
    if (error == MDB_NOTFOUND || error == MDB_BAD_VALSIZE) continue;
    if (error != 0) return failure("deleting", error);
    ending_.found(ending);
    return Answer::done();
  }
  return Answer::absent();
}

Answer LmdbTable::next(bool first, std::string& key) {
  const RecordLock lock(database_.descriptor(), lock_, F_RDLCK);
  if (lock.error() != 0) return failure("locking", lock.error());
  std::string value;
  const int error = step(first, key, value);
  if (error == MDB_NOTFOUND) return Answer::absent();
  if (error != 0) return failure("sequencing", error);
  return Answer::found(std::move(value));
}

int LmdbTable::step(bool first, std::string& key, std::string& value) {
  Transaction transaction;
  if (const int error = database_.begin(false, transaction); error != 0) return error;
  MDB_cursor* made = nullptr;
  if (const int error = mdb_cursor_open(transaction.get(), database_.handle(), &made); error != 0)
    return error;
  const Cursor cursor(made);
  MDB_val found = item(position_);
  MDB_val content{};
  int error = mdb_cursor_get(made, &found, &content, first ? MDB_FIRST : MDB_SET_RANGE);
  // Somebody may have removed the entry at which it stands: then it is on the next one already.
  if (error == 0 && !first && bytes_of(found) == position_)
    error = mdb_cursor_get(made, &found, &content, MDB_NEXT);
  if (error != 0) return error;
  // In a damaged file it might go round for ever.
  if (!first && bytes_of(found) <= position_) return MDB_CORRUPTED;
  position_ = bytes_of(found);
  key = NulEnding::strip(bytes_of(found));
  value = NulEnding::strip(bytes_of(content));
  return 0;
}

// Keeps the entries until they are complete: then they are written in the order of their keys,
// which is fastest, and once more if the file turns out to be too small.
class LmdbBuilder : public Builder {
 public:
  explicit LmdbBuilder(const Request& request)
      : name_("lmdb:" + std::string(view(request.name))),
        path_(lmdb_path(view(request.name))),
        ending_(request.trailing_nul == Nul::Unknown ? Nul::With : request.trailing_nul),
        replace_(request.replace_duplicates),
        map_size_(request.map_size) {}

  Answer open();
  Answer put(std::string_view key, std::string_view value) override;
  Answer commit() override;

 private:
  int write_all();

  std::string name_;
  std::string path_;
  Nul ending_;
  bool replace_;
  std::uint64_t map_size_;
  std::map<std::string, std::string> entries_;
  Database database_;
};

// A file that is there must be one of LMDB's; a new one is not made before there is something to
// write.
Answer LmdbBuilder::open() {
  if (!File::open(path_, O_RDONLY) && errno == ENOENT) return Answer::done();
  const int error = database_.open(path_, true, map_size_);
  return error == 0 ? Answer::done() : Answer::retry(cannot_open(path_, mdb_strerror(error)));
}

Answer LmdbBuilder::put(std::string_view key, std::string_view value) {
  std::string stored = NulEnding::append(key, ending_);
  if (stored.empty() || stored.size() > kLongestKey)
    return Answer::retry("error updating " + name_ + ": " + mdb_strerror(MDB_BAD_VALSIZE));
  const auto [entry, is_new] =
      entries_.try_emplace(std::move(stored), NulEnding::append(value, ending_));
  if (is_new) return Answer::done();
  if (!replace_) return Answer::absent();
  entry->second = NulEnding::append(value, ending_);
  return Answer::done();
}

Answer LmdbBuilder::commit() {
  if (database_.descriptor() < 0) {
    const int error = database_.open(path_, true, map_size_);
    if (error != 0) return Answer::retry(cannot_open(path_, mdb_strerror(error)));
  }
  RecordLock lock(database_.descriptor(), true, F_WRLCK);
  if (lock.error() == 0) lock.change(F_RDLCK);
  int error = lock.error();
  if (error == 0) error = write_all();
  while (error == MDB_MAP_FULL) {
    error = database_.grow();
    if (error == 0) error = write_all();
  }
  if (error == 0) return Answer::done();
  return Answer::retry("error updating " + name_ + ": " + mdb_strerror(error));
}

int LmdbBuilder::write_all() {
  Transaction transaction;
  int error = database_.begin(true, transaction);
  if (error == 0) error = mdb_drop(transaction.get(), database_.handle(), 0);
  for (auto entry = entries_.begin(); error == 0 && entry != entries_.end(); ++entry) {
    MDB_val key = item(entry->first);
    MDB_val value = item(entry->second);
    error = mdb_put(transaction.get(), database_.handle(), &key, &value, MDB_APPEND);
  }
  return error == 0 ? mdb_txn_commit(transaction.release()) : error;
}

Answer open_lmdb_table(const Request& request, std::unique_ptr<Table>& table) {
  auto opened = std::make_unique<LmdbTable>(request);
  Answer answer = opened->open(request);
  if (!answer.failed()) table = std::move(opened);
  return answer;
}

Answer create_lmdb_table(const Request& request, std::unique_ptr<Builder>& builder) {
  auto created = std::make_unique<LmdbBuilder>(request);
  Answer answer = created->open();
  if (!answer.failed()) builder = std::move(created);
  return answer;
}

std::string lmdb_label(std::string_view name) {
  return "lmdb:" + std::string(name);
}

}  // namespace
}  // namespace handoff::plugins

HANDOFF_TABLE_PLUGIN({handoff::plugins::open_lmdb_table, handoff::plugins::create_lmdb_table,
                      handoff::plugins::lmdb_label})
