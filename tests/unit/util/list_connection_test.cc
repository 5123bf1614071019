#include "util/list_connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "support/sockets.h"
#include "util/manual_scheduler.h"

namespace handoff::util {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

class ListConnectionTest : public testing::Test {
 protected:
  ListConnectionTest() {
    auto [remote_end, our_end] = test::socket_pair();
    remote = std::move(remote_end);
    connection = std::make_unique<ListConnection>(
        scheduler, std::move(our_end), "test socket",
        ListConnection::Handlers{[this](std::string_view list) { lists.emplace_back(list); },
                                 [this](const Error& why) { ends.push_back(why.kind); }});
  }
  void peer_writes(const std::string& bytes) {
    ASSERT_EQ(::write(remote.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    scheduler.ready();
  }

  ManualScheduler scheduler;
  UniqueFd remote;
  std::vector<std::string> lists;
  std::vector<Error::Kind> ends;
  std::unique_ptr<ListConnection> connection;
};

TEST_F(ListConnectionTest, GivesOutAListThatArrivesByteByByte) {
  const std::string list = "name\0value\0\0"s;
  for (const char c : list) {
    EXPECT_TRUE(lists.empty());
    peer_writes(std::string(1, c));
  }
  EXPECT_EQ(lists, std::vector{list});
}

TEST_F(ListConnectionTest, GivesOutTwoListsThatArriveAtOnce) {
  peer_writes("a\0b\0\0c\0d\0\0"s);
  EXPECT_EQ(lists, (std::vector{"a\0b\0\0"s, "c\0d\0\0"s}));
}

TEST_F(ListConnectionTest, TellsAnEndBetweenListsFromOneWithinAList) {
  remote.reset();
  scheduler.ready();
  EXPECT_EQ(ends, std::vector{Error::Kind::Closed});
}

TEST_F(ListConnectionTest, CallsHalfAListAProtocolError) {
  peer_writes("name\0val"s);
  remote.reset();
  scheduler.ready();
  EXPECT_EQ(ends, std::vector{Error::Kind::Protocol});
}

TEST_F(ListConnectionTest, EndsWhenThePeerIsSilentForTooLong) {
  connection->expect_within(10s);
  scheduler.advance(9999ms);
  EXPECT_TRUE(ends.empty());
  scheduler.advance(1ms);
  EXPECT_EQ(ends, std::vector{Error::Kind::Timeout});
}

TEST_F(ListConnectionTest, WaitsNoLongerOnceAListHasCome) {
  connection->expect_within(10s);
  peer_writes("\0"s);
  scheduler.advance(1h);
  EXPECT_TRUE(ends.empty());
}

TEST_F(ListConnectionTest, SendsTheRestWhenThereIsRoomAgain) {
  const std::string large(4 << 20, 'x');
  connection->send(large);
  std::string got;
  std::vector<char> buffer(1 << 16);
  while (got.size() < large.size()) {
    const ssize_t n = ::read(remote.get(), buffer.data(), buffer.size());
    ASSERT_GT(n, 0);
    got.append(buffer.data(), static_cast<std::size_t>(n));
    scheduler.ready();
  }
  EXPECT_EQ(got, large);
}

TEST_F(ListConnectionTest, TellsAFailedWriteNotBeforeTheLoopTurns) {
  remote.reset();
  connection->send("x");
  EXPECT_TRUE(ends.empty());
  scheduler.advance(0ms);
  EXPECT_EQ(ends.size(), 1U);
}

TEST_F(ListConnectionTest, MayBeDestroyedByItsOwnHandler) {
  auto [remote_end, our_end] = test::socket_pair();
  std::unique_ptr<ListConnection> shortlived;
  int calls = 0;
  shortlived =
      std::make_unique<ListConnection>(scheduler, std::move(our_end), "short-lived",
                                       ListConnection::Handlers{[&](std::string_view) {
                                                                  ++calls;
                                                                  shortlived.reset();
                                                                },
                                                                [](const Error&) { FAIL(); }});
  ASSERT_EQ(::write(remote_end.get(), "\0\0\0", 3), 3);
  scheduler.ready();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace handoff::util
