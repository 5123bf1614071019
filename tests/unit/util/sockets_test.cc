#include "util/sockets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "support/files.h"
#include "support/sockets.h"

namespace handoff::util {
namespace {

using namespace std::chrono_literals;

class UnixPackets : public testing::Test {
 protected:
  test::WorkingDirectory directory;
  const std::string path = "socket";
};

TEST_F(UnixPackets, ArriveAsTheyWereSent) {
  const auto listener = listen_unix_packets(path, 5, 0600);
  ASSERT_TRUE(listener);
  const auto client = connect_unix_packets(path, 1s);
  ASSERT_TRUE(client);
  const auto server = accept_connection(listener->get());
  ASSERT_TRUE(server);
  test::send_text(*client, "one");
  test::send_text(*client, "two");
  char buffer[16];
  EXPECT_EQ(recv(server->get(), buffer, sizeof buffer, 0), 3);
  EXPECT_EQ(*peer_user(server->get()), geteuid());
}

TEST_F(UnixPackets, ASuccessorTakesTheNameOver) {
  auto old_listener = listen_unix_packets(path, 5, 0600);
  const auto old_client = connect_unix_packets(path, 1s);
  const auto new_listener = listen_unix_packets(path, 5, 0600);
  ASSERT_TRUE(new_listener);
  const auto new_client = connect_unix_packets(path, 1s);
  EXPECT_TRUE(accept_connection(old_listener->get()));
  EXPECT_TRUE(accept_connection(new_listener->get()));
  EXPECT_FALSE(accept_connection(old_listener->get()));
  for (const auto& entry : std::filesystem::directory_iterator("."))
    EXPECT_EQ(entry.path().filename(), path);
}

TEST_F(UnixPackets, ANameWithoutAListenerRefuses) {
  EXPECT_EQ(connect_unix_packets(path, 1s).error().code, ENOENT);
  (void)listen_unix_packets(path, 5, 0600);
  EXPECT_EQ(connect_unix_packets(path, 1s).error().code, ECONNREFUSED);
}

TEST_F(UnixPackets, AreForTheOwnerOnly) {
  const auto listener = listen_unix_packets(path, 5, 0600);
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(UnixPackets, AFailureLeavesNothingBehind) {
  std::filesystem::create_directory(path);
  EXPECT_FALSE(listen_unix_packets(path, 5, 0600));
  for (const auto& entry : std::filesystem::directory_iterator("."))
    EXPECT_EQ(entry.path().filename(), path);
}

TEST_F(UnixPackets, APathIsKnownWhereASocketIsBound) {
  EXPECT_EQ(*local_path(listen_unix(path, 5, 0600)->get()), path);
  EXPECT_FALSE(local_path(test::socket_pair().first.get()));
}

}  // namespace
}  // namespace handoff::util
