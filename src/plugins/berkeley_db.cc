#include "plugins/berkeley_db.h"

#include <db.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>

#include "plugins/indexed_file.h"

namespace handoff::plugins {
namespace {

// As many keys as a new hash file makes room for at first.
constexpr unsigned kExpectedKeys = 4096;

std::string db_path(std::string_view name) {
  return std::string(name) + ".db";
}

// The last thing that libdb had to say beside its error number.
std::string last_words_;

void remember(const DB_ENV*, const char*, const char* message) {
  last_words_ = message;
}

std::string reason_of(int error) {
  return error > 0 ? errno_text(error) : db_strerror(error);
}

struct CloseDatabase {
  void operator()(DB* database) const { database->close(database, 0); }
};
using Database = std::unique_ptr<DB, CloseDatabase>;
struct CloseCursor {
  void operator()(DBC* cursor) const { cursor->close(cursor); }
};
using Cursor = std::unique_ptr<DBC, CloseCursor>;

template <typename Statistics>
std::uint64_t size_by(DB& database, u_int32_t Statistics::*pages,
                      u_int32_t Statistics::*page_size) {
  void* made = nullptr;
  if (database.stat(&database, nullptr, &made, DB_FAST_STAT) != 0) return 0;
  const std::unique_ptr<void, decltype(&std::free)> statistics(made, &std::free);
  const auto* numbers = static_cast<const Statistics*>(made);
  return std::uint64_t{numbers->*pages} * (numbers->*page_size);
}

// For libdb, keys on pages behind the end of the file are just not there.
bool is_whole(DB& database, const std::string& path) {
  DBTYPE type = DB_UNKNOWN;
  struct stat status {};
  if (database.get_type(&database, &type) != 0 || ::stat(path.c_str(), &status) != 0) return false;
  const std::uint64_t size =
      type == DB_HASH ? size_by(database, &DB_HASH_STAT::hash_pagecnt, &DB_HASH_STAT::hash_pagesize)
                      : size_by(database, &DB_BTREE_STAT::bt_pagecnt, &DB_BTREE_STAT::bt_pagesize);
  return static_cast<std::uint64_t>(status.st_size) >= size;
}

struct How {
  DBTYPE type = DB_UNKNOWN;
  std::uint64_t cache_size = 0;
  u_int32_t flags = 0;
};

// An error of libdb, or 0. Without an environment libdb looks for no DB_CONFIG beside the file.
int open_database(const std::string& path, const How& how, Database& opened) {
  DB* made = nullptr;
  if (const int error = db_create(&made, nullptr, 0); error != 0) return error;
  Database database(made);
  last_words_.clear();
  made->set_errcall(made, remember);
  if (const int error =
          made->set_cachesize(made, static_cast<u_int32_t>(how.cache_size >> 30U),
                              static_cast<u_int32_t>(how.cache_size & 0x3fffffffU), 1);
      error != 0)
    return error;
  if (how.type == DB_HASH) (void)made->set_h_nelem(made, kExpectedKeys);  // a hint
  if (const int error = made->open(made, nullptr, path.c_str(), nullptr, how.type, how.flags, 0644);
      error != 0)
    return error;
  if (!is_whole(*made, path)) {
    last_words_ = path + ": the file has been cut off";
    return EINVAL;
  }
  opened = std::move(database);
  return 0;
}

DBT item(std::string& bytes) {
  DBT item{};
  item.data = bytes.data();
  item.size = static_cast<u_int32_t>(bytes.size());
  return item;
}

std::string_view bytes_of(const DBT& item) {
  return {static_cast<const char*>(item.data), item.size};
}

class BerkeleyTable : public Table {
 public:
  BerkeleyTable(const Request& request, DBTYPE type)
      : host_(*request.host),
        name_(view(request.type)),
        path_(db_path(view(request.name))),
        lock_(request.lock && !request.lock_while_open),
        replace_(request.replace_duplicates),
        // Who locks only for a moment leaves nothing in memory that the next one cannot see.
        sync_(request.sync_updates || lock_),
        ending_(request.trailing_nul, Nul::With) {
    name_.append(":").append(view(request.name));
    how_ = {type, request.read_cache_size, request.mode == Mode::Read ? DB_RDONLY : 0U};
  }

  Answer open(const Request& request);

  [[nodiscard]] Properties properties() const override { return {true, false, file_.get()}; }
  Answer lookup(std::string_view key) override;
  Answer update(std::string_view key, std::string_view value) override;
  Answer remove(std::string_view key) override;
  Answer next(bool first, std::string& key) override;

 private:
  Answer open_file(Mode mode);
  Answer remove_empty_file();
  // Also when somebody else has written to the file: libdb does not notice.
  Answer refresh(const FileLock& lock);
  Answer open_handle();
  void note_times();
  Answer find(std::string_view key, Nul ending);
  Answer remove_with(std::string_view key, Nul ending);
  Answer after_write(int error);
  [[nodiscard]] Answer failure(const char* doing, int error) const;

  const Host& host_;
  std::string name_;  // "hash:/x"
  std::string path_;
  How how_;
  bool lock_;
  bool replace_;
  bool sync_;
  NulEnding ending_;
  File file_;  // for locks and times
  std::optional<FileLock> held_;
  struct timespec modified_ {};
  off_t size_ = 0;
  Database database_;
  Cursor cursor_;
};

Answer BerkeleyTable::failure(const char* doing, int error) const {
  Answer answer =
      Answer::retry(std::string("error ") + doing + ' ' + name_ + ": " + reason_of(error));
  warn(host_, answer.text);
  return answer;
}

Answer BerkeleyTable::open(const Request& request) {
  // Somebody else may put another file into its place before it is locked.
  do {
    held_.reset();
    if (Answer opened = open_file(request.mode); opened.failed()) return opened;
    if (request.lock_while_open) held_.emplace(file_.get(), LOCK_EX);
  } while (held_ && held_->error() == 0 && !file_.is(path_));
  const FileLock lock(file_.get(), !lock_ ? 0 : request.mode == Mode::Read ? LOCK_SH : LOCK_EX);
  const int error = held_ ? held_->error() : lock.error();
  if (error != 0) return Answer::retry(cannot_open(path_, errno_text(error)));
  if (Answer opened = open_handle(); opened.failed()) return opened;
  if (request.lock) warn_if_stale(host_, file_, path_, std::string(view(request.name)));
  return Answer::done();
}

Answer BerkeleyTable::open_file(Mode mode) {
  const int flags = mode == Mode::Read ? O_RDONLY : O_RDWR;
  file_ = File::open(path_, flags);
  if (file_ && mode == Mode::Create && file_.status().st_size == 0)
    if (Answer removed = remove_empty_file(); removed.failed()) return removed;
  if (!file_ && errno == ENOENT && mode == Mode::Create) {
    how_.flags |= DB_CREATE;
    Database created;
    if (const int error = open_database(path_, how_, created); error != 0)
      return Answer::retry(cannot_open(path_, reason_of(error)));
    created.reset();
    how_.flags &= ~static_cast<u_int32_t>(DB_CREATE);
    file_ = File::open(path_, flags);
  }
  return file_ ? Answer::done() : Answer::retry(cannot_open(path_, errno_text(errno)));
}

// libdb cannot open it; whoever left it behind had no time to write anything.
Answer BerkeleyTable::remove_empty_file() {
  warn(host_, "removing zero-length database file: " + path_);
  file_ = File();
  if (::unlink(path_.c_str()) < 0 && errno != ENOENT)
    return Answer::retry("remove " + path_ + ": " + errno_text(errno));
  errno = ENOENT;
  return Answer::done();
}

Answer BerkeleyTable::open_handle() {
  cursor_.reset();
  database_.reset();
  if (const int error = open_database(path_, how_, database_); error != 0) {
    if (!last_words_.empty()) warn(host_, last_words_);
    return Answer::retry(cannot_open(path_, reason_of(error)));
  }
  note_times();
  return Answer::done();
}

void BerkeleyTable::note_times() {
  const struct stat status = file_.status();
  modified_ = status.st_mtim;
  size_ = status.st_size;
}

Answer BerkeleyTable::refresh(const FileLock& lock) {
  if (lock.error() != 0) return failure("locking", lock.error());
  if (!lock_) return Answer::done();
  const struct stat status = file_.status();
  const bool same = status.st_mtim.tv_sec == modified_.tv_sec &&
                    status.st_mtim.tv_nsec == modified_.tv_nsec && status.st_size == size_;
  // A file that has been replaced stays as it was.
  if (database_ && (same || !file_.is(path_))) return Answer::done();
  return open_handle();
}

Answer BerkeleyTable::lookup(std::string_view key) {
  const FileLock lock(file_.get(), lock_ ? LOCK_SH : 0);
  if (Answer fresh = refresh(lock); fresh.failed()) return fresh;
  for (const Nul ending : ending_.candidates()) {
    Answer answer = find(key, ending);
    if (answer.outcome == Outcome::Done) ending_.found(ending);
    if (answer.outcome != Outcome::Absent) return answer;
  }
  return Answer::absent();
}

Answer BerkeleyTable::find(std::string_view key, Nul ending) {
  std::string stored = NulEnding::append(key, ending);
  DBT wanted = item(stored);
  DBT value{};
  const int error = database_->get(database_.get(), nullptr, &wanted, &value, 0);
  if (error == DB_NOTFOUND) return Answer::absent();
  if (error != 0) return failure("reading", error);
  return Answer::found(NulEnding::strip(bytes_of(value)));
}

Answer BerkeleyTable::update(std::string_view key, std::string_view value) {
  const FileLock lock(file_.get(), lock_ ? LOCK_EX : 0);
  if (Answer fresh = refresh(lock); fresh.failed()) return fresh;
  std::string stored_key = NulEnding::append(key, ending_.for_writing());
  std::string stored_value = NulEnding::append(value, ending_.for_writing());
  DBT key_item = item(stored_key);
  DBT value_item = item(stored_value);
  const int error = database_->put(database_.get(), nullptr, &key_item, &value_item,
                                   replace_ ? 0 : DB_NOOVERWRITE);
  if (error == DB_KEYEXIST) return Answer::absent();
  return after_write(error);
}

Answer BerkeleyTable::remove(std::string_view key) {
  const FileLock lock(file_.get(), lock_ ? LOCK_EX : 0);
  if (Answer fresh = refresh(lock); fresh.failed()) return fresh;
  for (const Nul ending : ending_.candidates()) {
    Answer answer = remove_with(key, ending);
    if (answer.outcome == Outcome::Done) ending_.found(ending);
    if (answer.outcome != Outcome::Absent) return answer;
  }
  return Answer::absent();
}

Answer BerkeleyTable::remove_with(std::string_view key, Nul ending) {
  std::string stored = NulEnding::append(key, ending);
  DBT wanted = item(stored);
  const int error = database_->del(database_.get(), nullptr, &wanted, 0);
  return error == DB_NOTFOUND ? Answer::absent() : after_write(error);
}

Answer BerkeleyTable::after_write(int error) {
  if (error == 0 && sync_) error = database_->sync(database_.get(), 0);
  if (error != 0) return failure("updating", error);
  note_times();
  return Answer::done();
}

Answer BerkeleyTable::next(bool first, std::string& key) {
  const FileLock lock(file_.get(), lock_ ? LOCK_SH : 0);
  if (lock.error() != 0) return failure("locking", lock.error());
  if (first) {
    if (Answer fresh = refresh(lock); fresh.failed()) return fresh;
    cursor_.reset();
    DBC* cursor = nullptr;
    if (const int error = database_->cursor(database_.get(), nullptr, &cursor, 0); error != 0)
      return failure("sequencing", error);
    cursor_.reset(cursor);
  }
  if (!cursor_) return Answer::absent();
  DBT found{};
  DBT value{};
  const int error = cursor_->get(cursor_.get(), &found, &value, first ? DB_FIRST : DB_NEXT);
  if (error == DB_NOTFOUND) return Answer::absent();
  if (error != 0) return failure("sequencing", error);
  key = NulEnding::strip(bytes_of(found));
  return Answer::found(NulEnding::strip(bytes_of(value)));
}

class BerkeleyBuilder : public Builder {
 public:
  BerkeleyBuilder(const Request& request, DBTYPE type)
      : host_(*request.host),
        path_(db_path(view(request.name))),
        how_{type, request.write_cache_size, DB_CREATE | DB_TRUNCATE},
        ending_(request.trailing_nul == Nul::Unknown ? Nul::With : request.trailing_nul),
        replace_(request.replace_duplicates),
        replacement_(path_, Replacement::Old::Succeeded) {}

  Answer open();
  Answer put(std::string_view key, std::string_view value) override;
  Answer commit() override;

 private:
  const Host& host_;
  std::string path_;
  How how_;
  Nul ending_;
  bool replace_;
  Replacement replacement_;
  Database database_;
};

Answer BerkeleyBuilder::open() {
  if (const int error = replacement_.error(); error != 0)
    return Answer::retry(cannot_open(path_, errno_text(error)));
  if (const int error = open_database(replacement_.path(), how_, database_); error != 0) {
    if (!last_words_.empty()) warn(host_, last_words_);
    return Answer::retry(cannot_open(path_, reason_of(error)));
  }
  return Answer::done();
}

Answer BerkeleyBuilder::put(std::string_view key, std::string_view value) {
  std::string stored_key = NulEnding::append(key, ending_);
  std::string stored_value = NulEnding::append(value, ending_);
  DBT key_item = item(stored_key);
  DBT value_item = item(stored_value);
  const int error = database_->put(database_.get(), nullptr, &key_item, &value_item,
                                   replace_ ? 0 : DB_NOOVERWRITE);
  if (error == DB_KEYEXIST) return Answer::absent();
  if (error != 0) return Answer::retry("error writing " + path_ + ": " + reason_of(error));
  return Answer::done();
}

Answer BerkeleyBuilder::commit() {
  DB* database = database_.release();
  if (const int error = database->close(database, 0); error != 0)
    return Answer::retry("close database " + path_ + ": " + reason_of(error));
  if (!replacement_.commit()) return Answer::retry("replace " + path_ + ": " + errno_text(errno));
  return Answer::done();
}

DBTYPE type_of(const Request& request) {
  return view(request.type) == "btree" ? DB_BTREE : DB_HASH;
}

}  // namespace

Answer open_berkeley_table(const Request& request, std::unique_ptr<Table>& table) {
  auto opened = std::make_unique<BerkeleyTable>(request, type_of(request));
  Answer answer = opened->open(request);
  if (!answer.failed()) table = std::move(opened);
  return answer;
}

Answer create_berkeley_table(const Request& request, std::unique_ptr<Builder>& builder) {
  auto created = std::make_unique<BerkeleyBuilder>(request, type_of(request));
  Answer answer = created->open();
  if (!answer.failed()) builder = std::move(created);
  return answer;
}

std::string berkeley_label(std::string_view name) {
  return db_path(name);
}

}  // namespace handoff::plugins
