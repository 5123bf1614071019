// Runs all unit tests. A test fails when it leaks a descriptor or logs a warning that it did not
// announce (support/log.h).
#include <dirent.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "support/log.h"
#include "util/msg.h"

namespace {

using handoff::test::LogCapture;

std::set<std::string> open_descriptors() {
  std::set<std::string> descriptors;
  DIR* directory = opendir("/proc/self/fd");
  const int own = dirfd(directory);
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name != std::to_string(own)) descriptors.insert(entry->d_name);
  }
  closedir(directory);
  return descriptors;
}

class Watcher : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override {
    LogCapture::clear();
    before_ = open_descriptors();
  }
  void OnTestEnd(const testing::TestInfo&) override {
    for (const std::string& line : LogCapture::unexpected())
      ADD_FAILURE() << "unannounced log line: " << line;
    const auto after = open_descriptors();
    EXPECT_EQ(before_, after) << "descriptors leaked";
  }
  std::set<std::string> before_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  LogCapture::install();
  testing::UnitTest::GetInstance()->listeners().Append(new Watcher);  // gtest owns it
  return RUN_ALL_TESTS();
}
