#include "global/delivery_request.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/log.h"

namespace handoff::global {
namespace {

using namespace std::chrono_literals;

struct Pair {
  util::UniqueFd manager;
  util::UniqueFd agent;
};

Pair socket_pair() {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {util::UniqueFd(fds[0]), util::UniqueFd(fds[1])};
}

void send_all(const util::UniqueFd& to, const std::string& bytes) {
  ASSERT_EQ(::send(to.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
}

// The values of the exchange in spec/queue-and-delivery.md 2.6.
DeliveryRequest example() {
  DeliveryRequest request;
  request.queue_name = "active";
  request.queue_id = "CDF58A84368";
  request.data_offset = 477;
  request.data_size = 20;
  request.nexthop = "[127.0.0.1]:18026";
  request.encoding = encoding::k8Bit;
  request.sender = "send@example.org";
  request.envelope_id = "EID";
  request.ret_flags = ret::kFull;
  request.stats.incoming_arrival = {1795294313, 843410};
  request.stats.active_arrival = {1795294313, 844411};
  request.client_name = "cn";
  request.client_address = "192.0.2.1";
  request.client_port = "99";
  request.protocol_name = "ESMTP";
  request.helo_name = "helo";
  request.sasl_method = "PLAIN";
  request.sasl_username = "joe";
  request.sasl_sender = "sj";
  request.log_ident = "UP1";
  request.rewrite_context = rewrite_context::kRemote;
  request.recipients = {{"u1@example.com", "u1@example.com", 427, "", 0},
                        {"u2@example.com", "u2@example.com", 459, "", 0}};
  return request;
}

TEST(DeliveryRequestTest, HasTheBytesOfAStockQueueManager) {
  const std::string bytes = encode_request(example());
  EXPECT_EQ(bytes.size(), 714U);
  EXPECT_EQ(bytes.find("nexthop"), 66U);
  EXPECT_EQ(bytes.find("log_client_name"), 295U);
  EXPECT_EQ(bytes.find("rewrite_context"), 470U);
  EXPECT_EQ(bytes.find("recipient_count"), 493U);
  EXPECT_EQ(bytes.find("original_recipient"), 512U);
  EXPECT_EQ(bytes.rfind("original_recipient"), 613U);
}

TEST(DeliveryRequestTest, ComesBackAsItWasSent) {
  auto [manager, agent] = socket_pair();
  send_all(manager, encode_request(example()));
  util::Stream stream(std::move(agent), "qmgr", 1s);
  auto request = receive_request(stream);
  ASSERT_TRUE(request);
  EXPECT_EQ(*request, example());
}

TEST(DeliveryRequestTest, SaysThatTheManagerHungUp) {
  auto [manager, agent] = socket_pair();
  manager.reset();
  util::Stream stream(std::move(agent), "qmgr", 1s);
  auto request = receive_request(stream);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().kind, util::Error::Kind::Closed);
}

TEST(DeliveryRequestTest, RefusesARequestOfALaterVersion) {
  auto [manager, agent] = socket_pair();
  std::string bytes = encode_request(example());
  bytes.replace(bytes.find("smtputf8"), 8, "sendopts");
  send_all(manager, bytes);
  test::LogCapture::expect("unexpected attribute sendopts from smtp socket (expecting: smtputf8)");
  util::Stream stream(std::move(agent), "smtp socket", 1s);
  auto request = receive_request(stream);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().kind, util::Error::Kind::Protocol);
}

TEST(DeliveryRequestTest, RefusesARequestWithoutRecipients) {
  auto [manager, agent] = socket_pair();
  DeliveryRequest request = example();
  request.recipients.clear();
  send_all(manager, encode_request(request));
  util::Stream stream(std::move(agent), "qmgr", 1s);
  EXPECT_FALSE(receive_request(stream));
}

TEST(DeliveryReplyTest, HasTheBytesOfAStockAgent) {
  EXPECT_EQ(util::attr0::encode(DeliveryReply{}).size(), 77U);
  DeliveryReply sick;
  sick.hop = Dsn::simple("4.4.1", "connect to a: refused");
  sick.status = DeliveryReply::kRetry;
  const std::string bytes = util::attr0::encode(sick);
  EXPECT_TRUE(
      bytes.ends_with(std::string("status\0"
                                  "4294967295\0\0",
                                  19)))
      << bytes;
  auto again = util::attr0::decode<DeliveryReply>(bytes, "smtp");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, sick);
}

}  // namespace
}  // namespace handoff::global
