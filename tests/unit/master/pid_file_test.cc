#include "master/pid_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "support/files.h"

namespace handoff::master {
namespace {

class PidFileTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory;
  std::string path = directory.path("master.pid");
};

TEST_F(PidFileTest, HoldsOurNumberInThirtyTwoColumnsAndALock) {
  {
    const auto file = take_pid_file(path);
    ASSERT_TRUE(file);
    EXPECT_TRUE(*pid_file_is_locked(path));
    const std::string text = directory.read("master.pid");
    EXPECT_EQ(text.size(), 33U);
    EXPECT_EQ(std::stoi(text), getpid());
  }
  EXPECT_FALSE(*pid_file_is_locked(path));
}

TEST_F(PidFileTest, IsOnePerson) {
  const auto first = take_pid_file(path);
  const auto second = take_pid_file(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().what, "open lock file " + path +
                                     ": unable to set exclusive lock: "
                                     "Resource temporarily unavailable");
}

TEST_F(PidFileTest, ReplacesALongerText) {
  directory.write("master.pid", std::string(100, 'x'));
  const auto file = take_pid_file(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(directory.read("master.pid").size(), 33U);
}

TEST_F(PidFileTest, FollowsNoLinks) {
  directory.write("other", "x");
  std::filesystem::create_symlink(directory.path("other"), path);
  EXPECT_FALSE(take_pid_file(path));
  std::filesystem::remove(path);
  std::filesystem::create_hard_link(directory.path("other"), path);
  EXPECT_FALSE(take_pid_file(path));
  EXPECT_EQ(directory.read("other"), "x");
}

TEST_F(PidFileTest, IsNotLockedWhereThereIsNone) {
  EXPECT_FALSE(*pid_file_is_locked(path));
}

TEST_F(PidFileTest, MayBeSuchThatNobodyCanTell) {
  std::filesystem::create_symlink(directory.path("other"), path);
  const auto locked = pid_file_is_locked(path);
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().what,
            "open lock file " + path + ": cannot open file: Too many levels of symbolic links");
}

}  // namespace
}  // namespace handoff::master
