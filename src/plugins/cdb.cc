// cdb:/path, a constant database: nobody changes it, a new one takes its place.
#include <cdb.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <memory>
#include <string>

#include "plugins/indexed_file.h"
#include "plugins/plugin.h"

namespace handoff::plugins {
namespace {

constexpr std::size_t kLongest = std::numeric_limits<unsigned>::max();

std::string cdb_path(std::string_view name) {
  return std::string(name) + ".cdb";
}
unsigned length(std::string_view text) {
  return static_cast<unsigned>(text.size());
}

class CdbTable : public Table {
 public:
  explicit CdbTable(const Request& request)
      : host_(*request.host),
        path_(cdb_path(view(request.name))),
        ending_(request.trailing_nul, Nul::Without) {}
  ~CdbTable() override {
    if (is_open_) cdb_free(&cdb_);
  }

  Answer open(const Request& request);

  [[nodiscard]] Properties properties() const override { return {true, false, file_.get()}; }
  Answer lookup(std::string_view key) override;
  Answer next(bool first, std::string& key) override;

 private:
  Answer find(std::string_view key, Nul ending);
  bool take(const void* bytes, unsigned size, std::string& text);
  [[nodiscard]] Answer failure() const {
    Answer answer = Answer::retry("error reading " + path_ + ": " + errno_text(errno));
    warn(host_, answer.text);
    return answer;
  }

  const Host& host_;
  std::string path_;
  NulEnding ending_;
  File file_;
  struct cdb cdb_ {};
  bool is_open_ = false;
  unsigned position_ = 0;
};

Answer CdbTable::open(const Request& request) {
  file_ = File::open(path_, O_RDONLY);
  if (!file_) return Answer::retry(cannot_open(path_, errno_text(errno)));
  if (cdb_init(&cdb_, file_.get()) < 0)
    return Answer::retry("dict_cdbq_open: unable to init " + path_ + ": " + errno_text(errno));
  is_open_ = true;
  warn_if_stale(*request.host, file_, path_, std::string(view(request.name)));
  return Answer::done();
}

Answer CdbTable::lookup(std::string_view key) {
  if (key.size() >= kLongest) return Answer::absent();
  for (const Nul ending : ending_.candidates()) {
    Answer answer = find(key, ending);
    if (answer.outcome == Outcome::Done) ending_.found(ending);
    if (answer.outcome != Outcome::Absent) return answer;
  }
  return Answer::absent();
}

Answer CdbTable::find(std::string_view key, Nul ending) {
  const std::string stored = NulEnding::append(key, ending);
  const int found = cdb_find(&cdb_, stored.data(), length(stored));
  if (found == 0) return Answer::absent();
  std::string value;
  if (found < 0 || !take(cdb_getdata(&cdb_), cdb_datalen(&cdb_), value)) return failure();
  return Answer::found(std::move(value));
}

// False: what the file says about itself leads out of it.
bool CdbTable::take(const void* bytes, unsigned size, std::string& text) {
  if (bytes == nullptr) return false;
  text = NulEnding::strip({static_cast<const char*>(bytes), size});
  return true;
}

Answer CdbTable::next(bool first, std::string& key) {
  if (first) cdb_seqinit(&position_, &cdb_);
  const int found = cdb_seqnext(&position_, &cdb_);
  if (found == 0) return Answer::absent();
  std::string value;
  if (found < 0 || !take(cdb_getkey(&cdb_), cdb_keylen(&cdb_), key) ||
      !take(cdb_getdata(&cdb_), cdb_datalen(&cdb_), value))
    return failure();
  return Answer::found(std::move(value));
}

class CdbBuilder : public Builder {
 public:
  explicit CdbBuilder(const Request& request)
      : path_(cdb_path(view(request.name))),
        ending_(request.trailing_nul == Nul::Unknown ? Nul::Without : request.trailing_nul),
        mode_(request.replace_duplicates ? CDB_PUT_REPLACE : CDB_PUT_INSERT),
        replacement_(path_, Replacement::Old::Forgotten) {}
  ~CdbBuilder() override {
    if (is_started_) (void)cdb_make_finish(&make_);  // frees what it has in memory
  }

  Answer open();
  Answer put(std::string_view key, std::string_view value) override;
  Answer commit() override;

 private:
  std::string path_;
  Nul ending_;
  cdb_put_mode mode_;
  Replacement replacement_;
  struct cdb_make make_ {};
  bool is_started_ = false;
};

Answer CdbBuilder::open() {
  if (const int error = replacement_.error(); error != 0)
    return Answer::retry(cannot_open(replacement_.path(), errno_text(error)));
  const int descriptor = replacement_.file().get();
  if (::ftruncate(descriptor, 0) < 0 || cdb_make_start(&make_, descriptor) < 0)
    return Answer::retry(cannot_open(path_, errno_text(errno)));
  is_started_ = true;
  return Answer::done();
}

Answer CdbBuilder::put(std::string_view key, std::string_view value) {
  if (key.size() >= kLongest || value.size() >= kLongest)
    return Answer::retry("error writing " + path_ + ": " + errno_text(EFBIG));
  const std::string stored_key = NulEnding::append(key, ending_);
  const std::string stored_value = NulEnding::append(value, ending_);
  const int result = cdb_make_put(&make_, stored_key.data(), length(stored_key),
                                  stored_value.data(), length(stored_value), mode_);
  if (result < 0) return Answer::retry("error writing " + path_ + ": " + errno_text(errno));
  // Replacing says 1 as well, and has done it.
  return result > 0 && mode_ == CDB_PUT_INSERT ? Answer::absent() : Answer::done();
}

Answer CdbBuilder::commit() {
  is_started_ = false;
  if (cdb_make_finish(&make_) < 0)
    return Answer::retry("error writing " + path_ + ": " + errno_text(errno));
  if (!replacement_.commit()) return Answer::retry("replace " + path_ + ": " + errno_text(errno));
  return Answer::done();
}

Answer open_cdb_table(const Request& request, std::unique_ptr<Table>& table) {
  if (request.mode != Mode::Read)
    return Answer::config(
        "dict_cdb_open: inappropriate open flags for cdb database"
        " - specify O_RDONLY or O_WRONLY|O_CREAT|O_TRUNC");
  auto opened = std::make_unique<CdbTable>(request);
  Answer answer = opened->open(request);
  if (!answer.failed()) table = std::move(opened);
  return answer;
}

Answer create_cdb_table(const Request& request, std::unique_ptr<Builder>& builder) {
  auto created = std::make_unique<CdbBuilder>(request);
  Answer answer = created->open();
  if (!answer.failed()) builder = std::move(created);
  return answer;
}

std::string cdb_label(std::string_view name) {
  return std::string(name);
}

}  // namespace
}  // namespace handoff::plugins

HANDOFF_TABLE_PLUGIN({handoff::plugins::open_cdb_table, handoff::plugins::create_cdb_table,
                      handoff::plugins::cdb_label})
