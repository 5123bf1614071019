#include "service/passed_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/log.h"
#include "support/sockets.h"
#include "util/manual_scheduler.h"
#include "util/pass_fd.h"

namespace handoff::service {
namespace {

using Attributes = std::map<std::string, std::string>;
using test::LogCapture;

TEST(PassAttributes, AreNamesAndValues) {
  EXPECT_EQ(*parse_pass_attributes(std::string("a\0b\0c\0\0\0", 8)),
            (Attributes{{"a", "b"}, {"c", ""}}));
  EXPECT_EQ(*parse_pass_attributes(std::string("\0", 1)), Attributes{});
}

TEST(PassAttributes, MustBeComplete) {
  EXPECT_FALSE(parse_pass_attributes(""));
  EXPECT_FALSE(parse_pass_attributes(std::string("a\0", 2)));
  EXPECT_FALSE(parse_pass_attributes(std::string("a\0b\0", 4)));
}

class PassedClientTest : public ::testing::Test {
 protected:
  PassedClientTest() {
    auto [theirs, ours] = test::socket_pair();
    passer = std::move(theirs);
    passed.emplace(scheduler, std::move(ours));
    passed->on_done([this](std::optional<Connection> result) {
      done = true;
      client = std::move(result);
      passed.reset();
    });
  }

  util::ManualScheduler scheduler;
  util::UniqueFd passer;
  std::optional<PassedClient> passed;
  bool done = false;
  std::optional<Connection> client;
};

TEST_F(PassedClientTest, ArrivesInPieces) {
  const auto [keep, give] = test::socket_pair();
  ASSERT_TRUE(util::send_fd(passer.get(), give.get()));
  scheduler.ready();
  test::send_text(passer, std::string("name\0val", 8));
  scheduler.ready();
  EXPECT_FALSE(done);
  test::send_text(passer, std::string("ue\0\0", 4));
  scheduler.ready();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->attributes, (Attributes{{"name", "value"}}));
  test::send_text(client->fd, "hello");
  EXPECT_EQ(test::received_text(keep), "hello");
}

TEST_F(PassedClientTest, IsNotWaitedForEver) {
  LogCapture::expect("pass_accept_attr: timeout receiving file descriptor");
  scheduler.advance(kPassLimit);
  EXPECT_TRUE(done);
  EXPECT_FALSE(client);
  EXPECT_TRUE(test::sees_eof(passer));
}

TEST_F(PassedClientTest, MustComeWithADescriptor) {
  LogCapture::expect("pass_accept_attr: cannot receive file descriptor");
  test::send_text(passer, std::string("\0\0", 2));
  scheduler.ready();
  EXPECT_TRUE(done);
  EXPECT_FALSE(client);
}

TEST_F(PassedClientTest, MustComeWithAttributes) {
  LogCapture::expect("pass_accept_attr: cannot receive connection attributes");
  const auto [keep, give] = test::socket_pair();
  ASSERT_TRUE(util::send_fd(passer.get(), give.get()));
  passer.reset();
  scheduler.ready();
  EXPECT_TRUE(done);
  EXPECT_FALSE(client);
}

}  // namespace
}  // namespace handoff::service
