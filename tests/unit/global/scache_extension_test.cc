#include "global/scache_extension.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "global/scache_desk.h"
#include "global/scache_extension_proto.h"
#include "support/log.h"
#include "support/sockets.h"

namespace handoff::global::scache {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::LogCapture;
using util::UniqueFd;

const std::string kOk =
    "status\0"
    "0\0\0"s;
const std::string kBad =
    "status\0"
    "1\0\0"s;
const std::string kFailed =
    "status\0"
    "2\0\0"s;
const std::string kBadRequest = "scache socket: bad extension request: ";

Save save(std::optional<Save::SessionPart> session, std::optional<Save::BindingPart> binding = {}) {
  return {3000ms, "e", std::move(session), std::move(binding)};
}
std::string find_endpoint(const std::string& label) {
  return encode_request(Find{.destination = {}, .endpoint = label});
}
std::string find_destination(const std::string& label) {
  return encode_request(Find{.destination = label, .endpoint = {}});
}

// A client's end of the dialogue with the server under test.
class Peer {
 public:
  Peer(util::ManualScheduler& clock, Desk& desk) : clock_(clock) {
    auto [client, server] = test::packet_pair();
    socket_ = std::move(client);
    served_ =
        std::make_unique<ExtensionDialogue>(desk, std::move(server), [this] { served_.reset(); });
  }
  void send(const std::string& packet, const std::vector<int>& descriptors = {}) {
    if (descriptors.empty())
      test::send_text(socket_, packet);
    else
      test::send_descriptors(socket_, packet, descriptors);
    clock_.ready();
  }
  // The next packet; nothing when there is none.
  util::Received received() {
    std::string buffer(kPacketLimit, '?');
    auto packet = util::receive(socket_.get(), buffer);
    if (!packet) packet = util::Received{};
    text = buffer.substr(0, packet->bytes);
    return *std::move(packet);
  }
  std::string answer(const std::string& packet, const std::vector<int>& descriptors = {}) {
    send(packet, descriptors);
    (void)received();
    return text;
  }
  // Saves one end of a new connection; the other comes back.
  UniqueFd save_session(const Save& request) {
    auto [remote, session] = test::socket_pair();
    EXPECT_EQ(answer(encode_request(request), {session.get()}), kOk);
    return std::move(remote);
  }
  void settle() {
    served_->settle();
    served_.reset();
  }
  void hang_up() {
    socket_.reset();
    clock_.ready();
  }
  [[nodiscard]] bool closed() const { return served_ == nullptr; }
  [[nodiscard]] const UniqueFd& socket() const { return socket_; }

  std::string text;  // of the packet that was received last

 private:
  util::ManualScheduler& clock_;
  UniqueFd socket_;
  std::unique_ptr<ExtensionDialogue> served_;
};

class ScacheExtensionTest : public DeskTest {
 protected:
  Peer peer{clock, desk};
};

// --- As it should be.

TEST_F(ScacheExtensionTest, SpeaksWhenAsked) {
  EXPECT_EQ(peer.received().bytes, 0U);
  EXPECT_EQ(peer.answer(find_endpoint("e")), kFailed);
  EXPECT_EQ(peer.answer(find_destination("d")), kFailed);
}

TEST_F(ScacheExtensionTest, HandsASessionOverAndKeepsNoCopy) {
  const UniqueFd remote = peer.save_session(save(Save::SessionPart{"prop", ""}));
  peer.send(find_endpoint("e"));
  auto found = peer.received();
  EXPECT_EQ(peer.text,
            "status\0"
            "0\0endpoint_property\0prop\0\0"s);
  ASSERT_EQ(found.descriptors.size(), 1U);
  test::send_text(found.descriptors[0], "RSET\r\n");
  EXPECT_EQ(test::received_text(remote), "RSET\r\n");
  found = {};
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(peer.answer(find_endpoint("e")), kFailed);
}

TEST_F(ScacheExtensionTest, SavesAndFindsBothAtOnce) {
  const UniqueFd remote =
      peer.save_session(save(Save::SessionPart{"ep", ""}, Save::BindingPart{"d", "dp"}));
  peer.send(find_destination("d"));
  const auto found = peer.received();
  EXPECT_EQ(peer.text,
            "status\0"
            "0\0destination_property\0dp\0endpoint_property\0ep\0\0"s);
  EXPECT_EQ(found.descriptors.size(), 1U);
  EXPECT_EQ(peer.answer(find_destination("d")), kFailed);
}

TEST_F(ScacheExtensionTest, SavesABindingAlone) {
  EXPECT_EQ(peer.answer(encode_request(save({}, Save::BindingPart{"d", "dp"}))), kOk);
  const UniqueFd remote = peer.save_session(save(Save::SessionPart{"ep", ""}));
  peer.send(find_destination("d"));
  EXPECT_EQ(peer.received().descriptors.size(), 1U);
}

TEST_F(ScacheExtensionTest, CountsTimeInMillisecondsAndLimitsIt) {
  Save brief = save(Save::SessionPart{"p", ""});
  brief.ttl = 1500ms;
  const UniqueFd first = peer.save_session(brief);
  brief.ttl = 1h;
  const UniqueFd second = peer.save_session(brief);
  clock.advance(1499ms);
  EXPECT_FALSE(test::sees_eof(first));
  clock.advance(1ms);
  EXPECT_TRUE(test::sees_eof(first));
  clock.advance(3499ms);
  EXPECT_FALSE(test::sees_eof(second));
  clock.advance(1ms);
  EXPECT_TRUE(test::sees_eof(second));
}

TEST_F(ScacheExtensionTest, CountsForTheStatistics) {
  const UniqueFd remote =
      peer.save_session(save(Save::SessionPart{"ep", ""}, Save::BindingPart{"d", "dp"}));
  peer.send(find_destination("d"));
  (void)peer.received();
  (void)peer.answer(find_endpoint("e"));
  statistics.log(0);
  EXPECT_TRUE(LogCapture::contains("statistics: domain lookup hits=1 miss=0 success=100%"));
  EXPECT_TRUE(LogCapture::contains("statistics: address lookup hits=0 miss=1 success=0%"));
  EXPECT_TRUE(
      LogCapture::contains("statistics: max simultaneous domains=1 addresses=1 connection=1"));
}

TEST_F(ScacheExtensionTest, AnswersPacketsThatDidNotWaitForEachOther) {
  peer.send(find_endpoint("a"));
  test::send_text(peer.socket(), find_endpoint("b"));
  test::send_text(peer.socket(), find_endpoint("c"));
  clock.ready();
  for (int i = 0; i < 3; ++i) {
    (void)peer.received();
    EXPECT_EQ(peer.text, kFailed);
  }
}

TEST_F(ScacheExtensionTest, DoesNotKeepTheSessionOfAClientThatHasGivenUp) {
  auto [remote, session] = test::socket_pair();
  test::send_descriptors(peer.socket(), encode_request(save(Save::SessionPart{"p", ""})),
                         {session.get()});
  session.reset();
  peer.hang_up();
  EXPECT_TRUE(peer.closed());
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(cache.size(), SessionCache::Size());
}

TEST_F(ScacheExtensionTest, LeavesQuietly) {
  peer.hang_up();
  EXPECT_TRUE(peer.closed());
}

TEST(ScacheExtension, IsForRootAndTheServersOwnUser) {
  EXPECT_TRUE(may_use_extension(0, 101));
  EXPECT_TRUE(may_use_extension(101, 101));
  EXPECT_FALSE(may_use_extension(102, 101));
  EXPECT_FALSE(may_use_extension(101, 0));
}

// --- Packets that are no good requests.

struct BadPacket {
  std::string name;
  std::string packet;
  std::string why;
};

void PrintTo(const BadPacket& packet, std::ostream* out) {
  *out << packet.name;
}

const std::string kRequest = "request\0"s;

class ScacheBadPacketTest : public ScacheExtensionTest,
                            public testing::WithParamInterface<BadPacket> {};

TEST_P(ScacheBadPacketTest, GetsAStatusAndTheClientStays) {
  LogCapture::expect(kBadRequest + GetParam().why);
  EXPECT_EQ(peer.answer(GetParam().packet), kBad);
  EXPECT_EQ(LogCapture::lines().size(), 1U);
  EXPECT_EQ(peer.answer(find_endpoint("e")), kFailed);
  EXPECT_EQ(cache.size(), SessionCache::Size());
}

INSTANTIATE_TEST_SUITE_P(
    All, ScacheBadPacketTest,
    testing::Values(
        BadPacket{"NoList", "garbage", "not an attribute list"},
        BadPacket{"NoTerminator", kRequest + "find\0endpoint\0e\0"s, "not an attribute list"},
        BadPacket{"TwoLists", find_endpoint("e") + find_endpoint("f"), "not an attribute list"},
        BadPacket{"TooLong", std::string(kPacketLimit + 1, 'x'), "packet too long"},
        BadPacket{"EmptyList", "\0"s, "missing attribute request in input from scache socket"},
        BadPacket{"NoRequest", "foo\0bar\0\0"s,
                  "unexpected attribute foo from scache socket (expecting: request)"},
        BadPacket{"UnknownRequest", kRequest + "bogus\0\0"s, "unrecognized request: \"bogus\""},
        BadPacket{"StockRequest", kRequest + "find_endp\0label\0e\0\0"s,
                  "unrecognized request: \"find_endp\""},
        BadPacket{"FindNothing", kRequest + "find\0\0"s, "looks for an endpoint, or"},
        BadPacket{"FindBoth", kRequest + "find\0destination\0d\0endpoint\0e\0\0"s,
                  "looks for an endpoint, or"},
        BadPacket{"SaveNothing", kRequest + "save\0ttl_ms\0005\0endpoint\0e\0\0"s,
                  "nothing to be saved"},
        BadPacket{"SaveNowhere", kRequest + "save\0ttl_ms\0005\0\0"s,
                  "missing attribute endpoint in input from scache socket"},
        BadPacket{"SaveHalfABinding",
                  kRequest + "save\0ttl_ms\0005\0endpoint\0e\0destination\0d\0\0"s,
                  "missing attribute destination_property in input from scache socket"},
        BadPacket{"NoTime",
                  kRequest + "save\0ttl_ms\0000\0endpoint\0e\0destination\0d\0"
                             "destination_property\0p\0\0"s,
                  "time to live of zero, or less"},
        BadPacket{"StrangeTime",
                  kRequest + "save\0ttl_ms\0005s\0endpoint\0e\0destination\0d\0"
                             "destination_property\0p\0\0"s,
                  "malformed numerical data from scache socket while reading"},
        BadPacket{"NoDescriptor", encode_request(save(Save::SessionPart{"p", ""})),
                  "session without descriptor"}));

TEST_F(ScacheExtensionTest, ClosesBothWhenTwoDescriptorsCome) {
  LogCapture::expect(kBadRequest + "surplus descriptors");
  auto [remote1, session1] = test::socket_pair();
  auto [remote2, session2] = test::socket_pair();
  EXPECT_EQ(peer.answer(encode_request(save(Save::SessionPart{"p", ""})),
                        {session1.get(), session2.get()}),
            kBad);
  session1.reset();
  session2.reset();
  EXPECT_TRUE(test::sees_eof(remote1));
  EXPECT_TRUE(test::sees_eof(remote2));
}

TEST_F(ScacheExtensionTest, ClosesMoreDescriptorsThanItLooksAt) {
  LogCapture::expect(kBadRequest + "surplus descriptors");
  auto [remote, session] = test::socket_pair();
  EXPECT_EQ(peer.answer(encode_request(save(Save::SessionPart{"p", ""})),
                        std::vector<int>(40, session.get())),
            kBad);
  session.reset();
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(relieved, 0);
}

TEST_F(ScacheExtensionTest, ClosesADescriptorThatNobodyAskedFor) {
  LogCapture::expect(kBadRequest + "surplus descriptor");
  auto [remote, session] = test::socket_pair();
  EXPECT_EQ(peer.answer(find_endpoint("e"), {session.get()}), kBad);
  EXPECT_EQ(peer.answer(encode_request(save({}, Save::BindingPart{"d", "p"})), {session.get()}),
            kBad);
  session.reset();
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(cache.size(), SessionCache::Size());
}

TEST_F(ScacheExtensionTest, ForgivesSurplusAttributes) {
  LogCapture::expect(
      "unexpected attribute extra from scache socket (expecting: (list terminator))");
  EXPECT_EQ(peer.answer(kRequest + "find\0endpoint\0e\0extra\0001\0\0"s), kFailed);
  EXPECT_EQ(LogCapture::lines().size(), 1U);
}

TEST_F(ScacheExtensionTest, DoesNotFloodTheLog) {
  LogCapture::expect(kBadRequest);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(peer.answer("garbage"), kBad);
  EXPECT_EQ(LogCapture::lines().size(), 1U);
}

TEST_F(ScacheExtensionTest, LosesASessionWithMorePropertiesThanAPacketHolds) {
  LogCapture::expect(kBadRequest + "its reply would be too long");
  auto [remote, session] = test::socket_pair();
  cache.save_endpoint("e", {std::string(kPacketLimit, 'p'), std::move(session)}, 5s);
  EXPECT_EQ(peer.answer(find_endpoint("e")), kFailed);
  EXPECT_TRUE(test::sees_eof(remote));
}

// --- Clients that do not listen.

class ScacheDeafClientTest : public ScacheExtensionTest {
 protected:
  ScacheDeafClientTest() {
    for (int i = 0; i < 20; ++i)
      remotes.push_back(peer.save_session(save(Save::SessionPart{std::string(60'000, 'p'), ""})));
    for (int i = 0; i < 20; ++i) test::send_text(peer.socket(), find_endpoint("e"));
    clock.ready();
  }
  std::vector<UniqueFd> remotes;
};

TEST_F(ScacheDeafClientTest, GetTheirAnswersInTheEnd) {
  int answers = 0;
  while (peer.received().descriptors.size() == 1) {
    ++answers;
    clock.ready();
  }
  EXPECT_EQ(answers, 20);
  EXPECT_EQ(peer.answer(find_endpoint("x")), kFailed);
}

TEST_F(ScacheDeafClientTest, AreLeftAloneAfterAWhile) {
  clock.advance(59s);
  EXPECT_FALSE(peer.closed());
  clock.advance(1s);
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDeafClientTest, DelayNobody) {
  Peer other(clock, desk);
  EXPECT_EQ(other.answer(find_endpoint("x")), kFailed);
}

// --- When the server has to go.

TEST_F(ScacheExtensionTest, SettlesByAnsweringWhatWasAsked) {
  auto [remote, session] = test::socket_pair();
  test::send_descriptors(peer.socket(), encode_request(save(Save::SessionPart{"prop", ""})),
                         {session.get()});
  peer.settle();
  (void)peer.received();
  EXPECT_EQ(peer.text, kOk);
  EXPECT_EQ(cache.size().sessions, 1U);
}

TEST_F(ScacheExtensionTest, TakesNothingMoreWhenItHasSettled) {
  peer.settle();
  const std::string request = find_endpoint("e");
  EXPECT_EQ(::send(peer.socket().get(), request.data(), request.size(), MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace handoff::global::scache
