#include "master/listeners.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "support/files.h"
#include "util/sockets.h"

namespace handoff::master {
namespace {

// Where a service listens, and what becomes of it when another wants the same path.
class PathClaimTest : public ::testing::Test {
 protected:
  PathClaim claim(bool in_use) { return *PathClaim::on(kPath, in_use, owner); }
  util::UniqueFd listen() {
    return std::move(
        open_listeners(ServiceType::Unix, {.canonical = kPath, .path = kPath}, 5, owner)->front());
  }
  static bool reaches(const util::UniqueFd& listener) {
    const auto client = util::connect_unix(kPath, std::chrono::seconds(5));
    return client && util::accept_connection(listener.get());
  }
  static std::size_t files() {
    const std::filesystem::directory_iterator all(".");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  static constexpr const char* kPath = "service";
  test::WorkingDirectory directory;
  const global::MailOwner owner{.uid = geteuid(), .gid = getegid(), .name = {}};
};

TEST_F(PathClaimTest, GivesThePathBackWhenThePlanIsDropped) {
  const util::UniqueFd running = listen();
  {
    const PathClaim claimed = claim(true);
    const util::UniqueFd other = listen();
    EXPECT_TRUE(reaches(other));
  }
  EXPECT_TRUE(reaches(running));
  EXPECT_EQ(files(), 1U);
}

TEST_F(PathClaimTest, AlsoWhenNothingCouldBeOpened) {
  const util::UniqueFd running = listen();
  { const PathClaim claimed = claim(true); }
  EXPECT_TRUE(reaches(running));
}

TEST_F(PathClaimTest, LeavesNothingWhereNobodyWas) {
  {
    const PathClaim claimed = claim(false);
    const util::UniqueFd other = listen();
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(PathClaimTest, TakesItForGood) {
  const util::UniqueFd running = listen();
  util::UniqueFd other;
  {
    PathClaim claimed = claim(true);
    other = listen();
    claimed.keep();
  }
  EXPECT_TRUE(reaches(other));
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace handoff::master
