#include "tables/plugins.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/files.h"
#include "support/log.h"
#include "tables/table_type.h"

namespace handoff::tables {
namespace {

using test::LogCapture;
using Names = std::vector<std::string>;

class Dynamicmaps : public testing::Test {
 protected:
  [[nodiscard]] Names enabled() const {
    const auto names = enabled_plugins(directory_.path());
    return names ? *names : Names{names.error().what};
  }
  [[nodiscard]] std::string path() const { return directory_.path("dynamicmaps.cf"); }

  test::TemporaryDirectory directory_;
};

TEST_F(Dynamicmaps, WithoutItThereIsBerkeleyDb) {
  EXPECT_EQ(enabled(), (Names{"btree", "hash"}));
}

TEST_F(Dynamicmaps, NamesTypes) {
  directory_.write("dynamicmaps.cf",
                   "# comment\n\nlmdb\tpostfix-lmdb.so  open  mkmap\npcre p.so o\n");
  std::filesystem::create_directory(directory_.path("dynamicmaps.cf.d"));
  directory_.write("dynamicmaps.cf.d/ldap", "ldap postfix-ldap.so dict_ldap_open\n");
  EXPECT_EQ(enabled(), (Names{"btree", "hash", "ldap", "lmdb", "pcre"}));
}

TEST_F(Dynamicmaps, ATypeThatStandsThereTwiceIsIgnored) {
  LogCapture::expect(path() + ": ignoring duplicate entry for \"cdb\"");
  directory_.write("dynamicmaps.cf", "cdb a.so f\ncdb b.so f\n");
  EXPECT_EQ(enabled(), (Names{"btree", "cdb", "hash"}));
}

TEST_F(Dynamicmaps, ALineWithTheWrongNumberOfWordsIsAnError) {
  directory_.write("dynamicmaps.cf", "# fine\ncdb\n");
  EXPECT_EQ(enabled(), (Names{path() + ", line 2: Expected \"dict-type .so-name dict-function "
                                       "[mkmap-function]\""}));
}

TEST_F(Dynamicmaps, AFileThatAnybodyCanChangeIsSkipped) {
  LogCapture::expect(path() +
                     ": file is owned or writable by non-root users -- skipping this file");
  directory_.write("dynamicmaps.cf", "cdb a.so f\n");
  ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  EXPECT_EQ(enabled(), (Names{"btree", "hash"}));
}

TEST_F(Dynamicmaps, ADirectoryThatCannotBeReadIsTold) {
  LogCapture::expect(path() + ".d: directory open failed: Not a directory");
  directory_.write("dynamicmaps.cf", "cdb a.so f\n");
  directory_.write("dynamicmaps.cf.d", "");
  EXPECT_EQ(enabled(), (Names{"btree", "cdb", "hash"}));
  EXPECT_EQ(LogCapture::lines().size(), 1U);
}

TEST_F(Dynamicmaps, OnlyEnabledTypesAreLoaded) {
  directory_.write("dynamicmaps.cf", "mysql postfix-mysql.so f\n");
  const auto find = plugin_finder({directory_.path(), "/nonexistent"});
  EXPECT_EQ(*find("lmdb"), nullptr);
  ASSERT_NE(*find("hash"), nullptr);
  EXPECT_EQ((*find("hash"))->name, "hash");
  EXPECT_EQ(*find("hash"), *find("hash"));
  const auto missing = find("mysql");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().what, " (/nonexistent/handoff/mysql.so: No such file or directory)");
}

TEST_F(Dynamicmaps, WhatIsNoPluginIsNotTakenForOne) {
  directory_.write("dynamicmaps.cf", "cdb x.so f\nmysql x.so f\n");
  std::filesystem::create_directory(directory_.path("handoff"));
  directory_.write("handoff/mysql.so", "not a shared object");
  const auto find = plugin_finder({directory_.path(), directory_.path()});
  EXPECT_FALSE(find("mysql"));
  ASSERT_EQ(::chmod(directory_.path("handoff/mysql.so").c_str(), 0666), 0);
  EXPECT_EQ(find("mysql").error().what, " (" + directory_.path("handoff/mysql.so") +
                                            ": file is owned or writable by non-root users)");
}

}  // namespace
}  // namespace handoff::tables
