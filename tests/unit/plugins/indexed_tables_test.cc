// hash, btree, lmdb and cdb, through the same door as programs use them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <utility>

#include "support/files.h"
#include "support/log.h"
#include "tables/plugins.h"
#include "tables/table.h"
#include "tables/table_builder.h"
#include "util/unique_fd.h"

namespace handoff::tables {
namespace {

using test::LogCapture;
using util::Result;
using util::Status;

class IndexedTables : public testing::TestWithParam<const char*> {
 protected:
  IndexedTables() {
    directory_.write("dynamicmaps.cf", "lmdb x.so f\ncdb x.so f\n");
    Settings settings;
    settings.lmdb_map_size = 65536;
    settings.find_plugin = plugin_finder({directory_.path(), "/nonexistent"});
    configure(std::move(settings));
  }
  ~IndexedTables() override { configure({}); }

  [[nodiscard]] std::string type() const { return GetParam(); }
  [[nodiscard]] bool is_cdb() const { return type() == "cdb"; }
  [[nodiscard]] std::string path() const { return directory_.path("table"); }
  [[nodiscard]] std::string name() const { return type() + ":" + path(); }
  [[nodiscard]] std::string file() const {
    return path() + (type() == "hash" || type() == "btree" ? ".db" : "." + type());
  }

  static TableOptions with(Access access, Duplicates duplicates = Duplicates::Warn) {
    TableOptions options;
    options.access = access;
    options.duplicates = duplicates;
    options.lock = true;
    return options;
  }

  [[nodiscard]] Status build(const std::map<std::string, std::string>& entries,
                             TrailingNul ending = TrailingNul::Unknown) const {
    TableOptions options = with(Access::Create);
    options.trailing_nul = ending;
    auto builder = create_table(name(), options);
    if (!builder) return builder.error();
    for (const auto& [key, value] : entries)
      if (Status put = (*builder)->put(key, value); !put) return put;
    return (*builder)->commit();
  }

  [[nodiscard]] SharedTable open(const TableOptions& options = with(Access::Read)) const {
    Result<SharedTable> table = try_open_table(name(), options);
    if (table) return *table;
    ADD_FAILURE() << table.error().what;
    return nullptr;
  }

  [[nodiscard]] std::string open_error(const TableOptions& options = with(Access::Read)) const {
    const Result<SharedTable> table = try_open_table(name(), options);
    return table ? "opened" : table.error().what;
  }

  static std::string find(Table& table, std::string_view key) {
    const Answer answer = table.lookup(key);
    if (!answer) return "error: " + answer.error().what;
    return *answer ? **answer : "(none)";
  }

  void write_file(std::string_view content) const { std::ofstream(file()) << content; }

  test::TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(All, IndexedTables, testing::Values("hash", "btree", "lmdb", "cdb"));
// Those that can be changed in place.
class ChangingTables : public IndexedTables {};
INSTANTIATE_TEST_SUITE_P(All, ChangingTables, testing::Values("hash", "btree", "lmdb"));

TEST_P(IndexedTables, FindsWhatWasPutIn) {
  ASSERT_TRUE(build({{"a", "1"}, {"b c", "two words"}, {"empty", ""}}));
  const SharedTable table = open();
  EXPECT_EQ(find(*table, "a"), "1");
  EXPECT_EQ(find(*table, "B C"), "two words");
  EXPECT_EQ(find(*table, "empty"), "");
  EXPECT_EQ(find(*table, "nope"), "(none)");
  EXPECT_EQ(find(*table, ""), "(none)");
  EXPECT_EQ(find(*table, std::string(10000, 'x')), "(none)");
  EXPECT_EQ(table->keys(), Table::Keys::Literal);
}

TEST_P(IndexedTables, ListsAllEntries) {
  const std::map<std::string, std::string> entries{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  ASSERT_TRUE(build(entries));
  const SharedTable table = open();
  for (int round = 0; round < 2; ++round) {
    std::map<std::string, std::string> seen;
    auto entry = table->sequence(Table::Step::First);
    for (; entry && *entry; entry = table->sequence(Table::Step::Next))
      seen.emplace((*entry)->key, (*entry)->value);
    EXPECT_EQ(seen, entries);
  }
}

TEST_P(IndexedTables, AnEmptyTableHasNothing) {
  ASSERT_TRUE(build({}));
  const SharedTable table = open();
  EXPECT_EQ(find(*table, "a"), "(none)");
  const auto first = table->sequence(Table::Step::First);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->has_value());
}

TEST_P(IndexedTables, ReadsBothConventionsForTheTrailingNul) {
  for (const TrailingNul written : {TrailingNul::With, TrailingNul::Without}) {
    ASSERT_TRUE(build({{"a", "1"}, {"b", "2"}}, written));
    EXPECT_EQ(find(*open(), "a"), "1");
    TableOptions other = with(Access::Read);
    other.trailing_nul = written == TrailingNul::With ? TrailingNul::Without : TrailingNul::With;
    EXPECT_EQ(find(*open(other), "a"), "(none)");
  }
}

TEST_P(IndexedTables, TheFirstOfTwoEqualKeysStays) {
  LogCapture::expect("duplicate entry: \"a\"");
  auto builder = create_table(name(), with(Access::Create));
  ASSERT_TRUE(builder);
  EXPECT_TRUE((*builder)->put("a", "1"));
  EXPECT_TRUE((*builder)->put("a", "2"));
  EXPECT_TRUE((*builder)->commit());
  EXPECT_EQ(find(*open(), "a"), "1");
  const std::string label = type() == "lmdb" ? name() : is_cdb() ? path() : file();
  EXPECT_TRUE(LogCapture::contains("warning: " + label + ": duplicate entry: \"a\""));
}

TEST_P(IndexedTables, TheLastOfTwoEqualKeysStaysIfWished) {
  auto builder = create_table(name(), with(Access::Create, Duplicates::Replace));
  ASSERT_TRUE(builder);
  EXPECT_TRUE((*builder)->put("a", "1"));
  EXPECT_TRUE((*builder)->put("a", "2"));
  EXPECT_TRUE((*builder)->commit());
  EXPECT_EQ(find(*open(), "a"), "2");
}

TEST_P(IndexedTables, EqualKeysAreAnErrorIfNothingElseWasSaid) {
  auto builder = create_table(name(), with(Access::Create, Duplicates::Refuse));
  ASSERT_TRUE(builder);
  EXPECT_TRUE((*builder)->put("a", "1"));
  const Status second = (*builder)->put("a", "2");
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().what.ends_with(": duplicate entry: \"a\""));
}

TEST_P(IndexedTables, WhatIsNotFinishedChangesNothing) {
  ASSERT_TRUE(build({{"a", "old"}}));
  const SharedTable reader = open();
  {
    auto builder = create_table(name(), with(Access::Create));
    ASSERT_TRUE(builder);
    EXPECT_TRUE((*builder)->put("a", "new"));
  }
  EXPECT_EQ(find(*reader, "a"), "old");
  EXPECT_EQ(find(*open(with(Access::Read, Duplicates::Ignore)), "a"), "old");
  EXPECT_EQ(::access((file() + ".tmp").c_str(), F_OK), -1);
}

TEST_P(IndexedTables, TellsThatItWasBuiltAnew) {
  ASSERT_TRUE(build({{"a", "old"}}));
  const SharedTable reader = open();
  EXPECT_FALSE(reader->changed());
  ASSERT_TRUE(build({{"a", "new"}}));
  if (type() == "lmdb") {
    EXPECT_FALSE(reader->changed());
    EXPECT_EQ(find(*reader, "a"), "new");
  } else {
    EXPECT_TRUE(reader->changed());
    EXPECT_EQ(find(*reader, "a"), "old");
  }
}

// A cdb file is always a new one, as with stock.
TEST_P(ChangingTables, KeepsTheModeOfAnExistingFile) {
  ASSERT_TRUE(build({{"a", "1"}}));
  ASSERT_EQ(::chmod(file().c_str(), 0600), 0);
  ASSERT_TRUE(build({{"a", "2"}}));
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_P(IndexedTables, SaysThatThereIsNoFile) {
  EXPECT_EQ(open_error(), "open database " + file() + ": No such file or directory");
}

TEST_P(IndexedTables, DamagedFilesAreErrors) {
  LogCapture::expect("BDB");
  LogCapture::expect("error reading ");
  write_file("");
  EXPECT_NE(open_error(), "opened") << "no content";
  write_file(std::string(20000, 'x'));
  const Result<SharedTable> garbage = try_open_table(name(), with(Access::Read));
  if (garbage) {
    EXPECT_TRUE(is_cdb());  // has no mark by which it could be known
    EXPECT_FALSE((*garbage)->lookup("a"));
  }
}

TEST_P(IndexedTables, AFileThatWasCutOffIsAnError) {
  LogCapture::expect("the file has been cut off");
  LogCapture::expect("error reading ");
  std::map<std::string, std::string> entries;
  for (int i = 0; i < 2000; ++i) entries[std::to_string(i)] = std::string(40, 'v');
  ASSERT_TRUE(build(entries));
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  ASSERT_EQ(::truncate(file().c_str(), status.st_size / 2 / 4096 * 4096), 0);
  const Result<SharedTable> table = try_open_table(name(), with(Access::Read));
  int lost = 0;
  if (table) {
    for (const auto& [key, value] : entries) {
      const Answer answer = (*table)->lookup(key);
      if (!answer)
        ++lost;
      else
        EXPECT_TRUE(answer->has_value()) << key;
    }
  }
  EXPECT_TRUE(!table || lost > 0);
}

TEST_P(IndexedTables, WarnsOfAnOldIndex) {
  ASSERT_TRUE(build({{"a", "1"}}));
  directory_.write("table", "a 1\n");
  const auto set_age = [](const std::string& name, long seconds) {
    const std::timespec now{std::time(nullptr) - seconds, 0};
    const std::timespec times[2] = {now, now};
    ASSERT_EQ(::utimensat(AT_FDCWD, name.c_str(), times, 0), 0);
  };
  set_age(path(), 200);
  set_age(file(), 300);
  LogCapture::expect("database " + file() + " is older than source file " + path());
  EXPECT_EQ(find(*open(), "a"), "1");
  EXPECT_EQ(LogCapture::lines().size(), 1U);
  set_age(path(), 50);
  EXPECT_EQ(find(*open(with(Access::Read, Duplicates::Ignore)), "a"), "1");
  EXPECT_EQ(LogCapture::lines().size(), 1U) << "somebody is just working at it";
}

TEST_P(IndexedTables, GrowsToAHundredThousandKeys) {
  auto builder = create_table(name(), with(Access::Create));
  ASSERT_TRUE(builder);
  for (int i = 0; i < 100000; ++i)
    ASSERT_TRUE((*builder)->put("key" + std::to_string(i), "value" + std::to_string(i)));
  ASSERT_TRUE((*builder)->commit());
  const SharedTable table = open();
  for (int i = 0; i < 100000; i += 97)
    ASSERT_EQ(find(*table, "key" + std::to_string(i)), "value" + std::to_string(i));
  EXPECT_EQ(find(*table, "key100000"), "(none)");
}

TEST_P(ChangingTables, ChangesSingleEntries) {
  LogCapture::expect("duplicate entry: \"a\"");
  ASSERT_TRUE(build({{"a", "1"}, {"b", "2"}}));
  const SharedTable reader = open();
  EXPECT_EQ(find(*reader, "c"), "(none)");
  const SharedTable writer = open(with(Access::Write));
  EXPECT_TRUE(*writer->update("c", "3"));
  EXPECT_FALSE(*writer->update("a", "other"));
  EXPECT_TRUE(*writer->remove("b"));
  EXPECT_FALSE(*writer->remove("b"));
  EXPECT_EQ(find(*reader, "a"), "1");
  EXPECT_EQ(find(*reader, "b"), "(none)");
  EXPECT_EQ(find(*reader, "c"), "3");
  const SharedTable replacer = open(with(Access::Write, Duplicates::Replace));
  EXPECT_TRUE(*replacer->update("a", "new"));
  EXPECT_EQ(find(*reader, "a"), "new");
}

TEST_P(ChangingTables, MakesATableForItsFirstEntry) {
  EXPECT_EQ(open_error(with(Access::Write)),
            "open database " + file() + ": No such file or directory");
  EXPECT_TRUE(*open(with(Access::Create))->update("a", "1"));
  EXPECT_EQ(find(*open(), "a"), "1");
}

TEST_P(ChangingTables, GrowsEntryByEntry) {
  const SharedTable writer = open([] {
    TableOptions options = with(Access::Create);
    options.lock_while_open = true;
    return options;
  }());
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(*writer->update(std::to_string(i), std::string(1000, 'v')));
  EXPECT_EQ(find(*writer, "499"), std::string(1000, 'v'));
}

TEST_P(ChangingTables, AnEmptyFileIsANewTable) {
  if (type() != "lmdb") LogCapture::expect("removing zero-length database file: " + file());
  write_file("");
  EXPECT_TRUE(*open(with(Access::Create))->update("a", "1"));
  EXPECT_EQ(find(*open(), "a"), "1");
}

class LmdbTables : public IndexedTables {};
INSTANTIATE_TEST_SUITE_P(All, LmdbTables, testing::Values("lmdb"));

TEST_P(LmdbTables, KeysHaveALimit) {
  ASSERT_TRUE(build({{std::string(510, 'k'), "v"}}));
  EXPECT_EQ(find(*open(), std::string(510, 'k')), "v");
  const Status too_long = build({{std::string(511, 'k'), "v"}});
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().what.find("error updating " + name() + ": MDB_BAD_VALSIZE: "), 0U);
}

class CdbTables : public IndexedTables {};
INSTANTIATE_TEST_SUITE_P(All, CdbTables, testing::Values("cdb"));

TEST_P(CdbTables, CannotBeChanged) {
  ASSERT_TRUE(build({{"a", "1"}}));
  EXPECT_EQ(open_error(with(Access::Write)),
            "dict_cdb_open: inappropriate open flags for cdb database - specify O_RDONLY or "
            "O_WRONLY|O_CREAT|O_TRUNC");
}

class BerkeleyTables : public IndexedTables {};
INSTANTIATE_TEST_SUITE_P(All, BerkeleyTables, testing::Values("hash", "btree"));

TEST_P(BerkeleyTables, IsLockedWhileItIsOpen) {
  TableOptions options = with(Access::Create);
  options.lock_while_open = true;
  SharedTable table = open(options);
  const util::UniqueFd other(::open(file().c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(::flock(other.get(), LOCK_SH | LOCK_NB), -1);
  EXPECT_TRUE(*table->update("a", "1"));
  table.reset();
  EXPECT_EQ(::flock(other.get(), LOCK_SH | LOCK_NB), 0);
}

TEST_P(BerkeleyTables, TheOtherTypeIsNoDatabase) {
  LogCapture::expect("unexpected file type or format");
  ASSERT_TRUE(build({{"a", "1"}}));
  const std::string other = type() == "hash" ? "btree:" : "hash:";
  const Result<SharedTable> table = try_open_table(other + path(), with(Access::Read));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().what, "open database " + file() + ": Invalid argument");
}

}  // namespace
}  // namespace handoff::tables
