#include "global/main_cf_snapshot.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "global/config.h"
#include "global/master_proto.h"
#include "support/files.h"
#include "support/log.h"
#include "util/in_memory_file.h"

namespace handoff::global {
namespace {

using test::LogCapture;
using util::UniqueFd;

class MainCfSnapshotTest : public ::testing::Test {
 protected:
  ~MainCfSnapshotTest() override { (void)unsetenv(master_proto::kMainCfVariable); }

  // As master does it: above what every daemon inherits.
  static int hand(const UniqueFd& file) {
    const int fd = fcntl(file.get(), F_DUPFD_CLOEXEC, 20);
    (void)setenv(master_proto::kMainCfVariable, std::to_string(fd).c_str(), 1);
    return fd;
  }
  static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }
};

TEST_F(MainCfSnapshotTest, IsTakenOnceAndLeavesNothing) {
  const auto file = make_main_cf_snapshot("/etc/x", "myhostname = a.test\n");
  ASSERT_TRUE(file);
  const int fd = hand(*file);
  EXPECT_EQ(take_main_cf_snapshot("/etc/x"), "myhostname = a.test\n");
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(std::getenv(master_proto::kMainCfVariable), nullptr);
  EXPECT_EQ(take_main_cf_snapshot("/etc/x"), std::nullopt);
}

TEST_F(MainCfSnapshotTest, IsForOneDirectory) {
  const auto file = make_main_cf_snapshot("/etc/x", "\n");
  (void)hand(*file);
  EXPECT_EQ(take_main_cf_snapshot("/etc/xy"), std::nullopt);
}

TEST_F(MainCfSnapshotTest, CannotBeChanged) {
  const auto file = make_main_cf_snapshot("/etc/x", "text\n");
  EXPECT_LT(write(file->get(), "x", 1), 0);
  EXPECT_NE(ftruncate(file->get(), 0), 0);
}

TEST_F(MainCfSnapshotTest, OtherFilesAreNotBelieved) {
  LogCapture::expect("this is not what master hands out");
  const auto open_file = util::in_memory_file("x", "handoff main.cf /etc/x\nmail_name = evil\n");
  const int fd = hand(*open_file);
  EXPECT_EQ(take_main_cf_snapshot("/etc/x"), std::nullopt);
  EXPECT_TRUE(is_open(fd));  // not ours to close
  (void)close(fd);
  for (const char* text : {"", "5", "-1", "1000", "x", "99999999999"}) {
    (void)setenv(master_proto::kMainCfVariable, text, 1);
    EXPECT_EQ(take_main_cf_snapshot("/etc/x"), std::nullopt) << text;
  }
}

TEST_F(MainCfSnapshotTest, TakesThePlaceOfTheFileForDaemonsOnly) {
  const test::TemporaryDirectory directory;
  directory.write("main.cf", "nonsense\n");
  const auto file = make_main_cf_snapshot(directory.path(), "mail_name = good\n");
  (void)hand(*file);
  LogCapture::expect("line 1: an entry is name = value");
  EXPECT_FALSE(Config::try_load({.directory = directory.path(),
                                 .process_name = "sendmail",
                                 .service_name = {},
                                 .overrides = {}}));
  const auto config = Config::try_load({.directory = directory.path(),
                                        .process_name = "smtp",
                                        .service_name = {},
                                        .overrides = {"mail_version=0"},
                                        .started_by_master = true});
  ASSERT_TRUE(config);
  EXPECT_EQ(*config->value("mail_name"), "good");
  EXPECT_EQ(*config->value("mail_version"), "0");
}

}  // namespace
}  // namespace handoff::global
