#include "util/file_replacement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "support/files.h"
#include "util/unique_fd.h"

namespace handoff::util {
namespace {

namespace fs = std::filesystem;

class FileReplacementTest : public testing::Test {
 protected:
  FileReplacementTest() { directory.write("main.cf", "old\n"); }

  void replace(const std::string& file, std::string_view text) {
    auto replacement = FileReplacement::begin(file);
    ASSERT_TRUE(replacement) << replacement.error().what;
    EXPECT_TRUE(replacement->commit(text));
  }

  const test::TemporaryDirectory directory;
  const std::string path = directory.path("main.cf");
  const std::string temporary = path + ".tmp";
};

TEST_F(FileReplacementTest, IsTheFileFromThenOn) {
  auto replacement = FileReplacement::begin(path);
  ASSERT_TRUE(replacement);
  EXPECT_EQ(replacement->old_text(), "old\n");
  EXPECT_TRUE(replacement->commit("new\n"));
  EXPECT_EQ(directory.read("main.cf"), "new\n");
  EXPECT_FALSE(fs::exists(temporary));
}

TEST_F(FileReplacementTest, LeavesNothingBehindWhenItIsGivenUp) {
  (void)FileReplacement::begin(path);
  EXPECT_EQ(directory.read("main.cf"), "old\n");
  EXPECT_FALSE(fs::exists(temporary));
}

TEST_F(FileReplacementTest, KeepsTheMode) {
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  replace(path, "new\n");
  struct stat state {};
  ASSERT_EQ(stat(path.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & ALLPERMS, 0640U);
}

TEST_F(FileReplacementTest, KeepsTheOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(path.c_str(), 4711, 4712), 0);
  replace(path, "new\n");
  struct stat state {};
  ASSERT_EQ(stat(path.c_str(), &state), 0);
  EXPECT_EQ(state.st_uid, 4711U);
  EXPECT_EQ(state.st_gid, 4712U);
}

TEST_F(FileReplacementTest, ReplacesWhatASymbolicLinkPointsTo) {
  const std::string link = directory.path("link");
  fs::create_symlink("main.cf", link);
  replace(link, "new\n");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(directory.read("main.cf"), "new\n");
}

TEST_F(FileReplacementTest, DoesNotUseWhatSomebodyElseLeft) {
  const std::string victim = directory.path("victim");
  directory.write("victim", "precious\n");
  fs::create_symlink("victim", temporary);
  replace(path, "one\n");
  EXPECT_EQ(directory.read("victim"), "precious\n");

  fs::create_hard_link(victim, temporary);
  replace(path, "two\n");
  EXPECT_EQ(directory.read("victim"), "precious\n");

  directory.write("main.cf.tmp", "of another mode");
  replace(path, "three\n");
  ASSERT_EQ(mkfifo(temporary.c_str(), 0600), 0);
  replace(path, "four\n");
  EXPECT_EQ(directory.read("main.cf"), "four\n");
}

TEST_F(FileReplacementTest, ShortensWhatAnotherEditorHadWritten) {
  const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT, 0600));
  ASSERT_EQ(::write(fd.get(), "a long text", 11), 11);
  replace(path, "new\n");
  EXPECT_EQ(directory.read("main.cf"), "new\n");
}

TEST_F(FileReplacementTest, NamesWhatItCannotOpen) {
  const std::string missing = directory.path("missing.cf");
  const auto replacement = FileReplacement::begin(missing);
  ASSERT_FALSE(replacement);
  EXPECT_EQ(replacement.error().what,
            "open " + missing + " for reading: No such file or directory");
  EXPECT_FALSE(fs::exists(missing + ".tmp"));
  const auto nowhere = FileReplacement::begin("/nonexistent/main.cf");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().what, "open /nonexistent/main.cf.tmp: No such file or directory");
}

TEST_F(FileReplacementTest, WaitsForAnotherEditorAndSeesItsWork) {
  auto first = FileReplacement::begin(path);
  ASSERT_TRUE(first);
  bool done = false;
  std::thread other([&] {
    auto second = FileReplacement::begin(path);
    done = second && second->commit(second->old_text() + "second\n");
  });
  EXPECT_TRUE(first->commit("first\n"));
  other.join();
  EXPECT_TRUE(done);
  EXPECT_EQ(directory.read("main.cf"), "first\nsecond\n");
}

}  // namespace
}  // namespace handoff::util
