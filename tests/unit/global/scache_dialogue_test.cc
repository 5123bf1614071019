#include "global/scache_dialogue.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "global/scache_desk.h"
#include "support/log.h"
#include "support/sockets.h"
#include "util/pass_fd.h"

namespace handoff::global::scache {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::LogCapture;
using util::UniqueFd;

const std::string kAnnouncement = "protocol\0connection_cache_protocol\0\0"s;
const std::string kTurn = "dummy\0\0\0"s;
const std::string kOk =
    "status\0"
    "0\0\0"s;
const std::string kBad =
    "status\0"
    "1\0\0"s;
const std::string kFailed =
    "status\0"
    "2\0\0"s;
const std::string kNoEndpoint =
    "status\0"
    "2\0property\0\0\0"s;
const std::string kNoDestination =
    "status\0"
    "2\0property\0\0property\0\0\0"s;

// "request" = name, then names and values, then the end; as in {"save_dest", "ttl", "10"}.
std::string list(const std::vector<std::string>& words) {
  std::string text = "request\0"s;
  for (const std::string& word : words) text += word + '\0';
  return text + '\0';
}
std::string save_endpoint(const std::string& label, const std::string& property,
                          const std::string& ttl = "10") {
  return list({"save_endp", "ttl", ttl, "label", label, "property", property});
}
std::string save_destination(const std::string& label, const std::string& property,
                             const std::string& endpoint) {
  return list({"save_dest", "ttl", "10", "label", label, "property", property, "label", endpoint});
}
std::string find_endpoint(const std::string& label) {
  return list({"find_endp", "label", label});
}
std::string find_destination(const std::string& label) {
  return list({"find_dest", "label", label});
}

// A client's end of the dialogue with the server under test.
class Peer {
 public:
  Peer(util::ManualScheduler& clock, Desk& desk) : clock_(clock) {
    auto [client, server] = test::socket_pair();
    socket_ = std::move(client);
    served_ = std::make_unique<Dialogue>(desk, std::move(server), [this] { served_.reset(); });
    EXPECT_EQ(received(), kAnnouncement);
  }
  void send(const std::string& text) {
    test::send_text(socket_, text);
    clock_.ready();
  }
  void send_with_descriptors(std::string_view text, const std::vector<int>& descriptors) {
    test::send_descriptors(socket_, std::string(text), descriptors);
    clock_.ready();
  }
  std::string received() { return test::received_text(socket_); }
  std::string answer(const std::string& text) {
    send(text);
    return received();
  }
  UniqueFd descriptor() {
    auto received = util::receive_fd(socket_.get());
    EXPECT_TRUE(received) << "no descriptor";
    return received ? *std::move(received) : UniqueFd();
  }
  // Saves one end of a new connection; the other comes back.
  UniqueFd save(const std::string& endpoint, const std::string& property,
                const std::string& ttl = "10") {
    auto [remote, session] = test::socket_pair();
    EXPECT_EQ(answer(save_endpoint(endpoint, property, ttl)), kTurn);
    send_with_descriptors("\0"s, {session.get()});
    EXPECT_EQ(received(), kOk);
    return std::move(remote);
  }
  // Again and again; returns how many bytes the server has taken.
  std::size_t send_without_listening(const std::string& text, std::size_t limit) {
    std::size_t total = 0;
    while (total < limit) {
      const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
      if (sent < 0) break;
      total += static_cast<std::size_t>(sent);
      clock_.ready();
    }
    return total;
  }
  void send_unread(const std::string& text) { test::send_text(socket_, text); }
  void settle() {
    served_->settle([this](UniqueFd socket) {
      released_ = std::move(socket);
      served_.reset();
    });
  }
  [[nodiscard]] bool released() const { return static_cast<bool>(released_); }
  // What another process does with a client that was released.
  void serve_again(Desk& desk) {
    served_ = std::make_unique<Dialogue>(
        desk, std::move(released_), [this] { served_.reset(); }, Dialogue::Arrival::Inherited);
    clock_.ready();
  }
  void hang_up() {
    socket_.reset();
    clock_.ready();
  }
  [[nodiscard]] bool closed() const { return served_ == nullptr; }

 private:
  util::ManualScheduler& clock_;
  UniqueFd socket_;
  UniqueFd released_;
  std::unique_ptr<Dialogue> served_;
};

class ScacheDialogueTest : public DeskTest {
 protected:
  Peer peer{clock, desk};
};

// --- The transcripts of spec/ipc.md 12.

TEST_F(ScacheDialogueTest, SavesASession) {
  EXPECT_EQ(peer.answer(save_endpoint("ep1", "prop1")), kTurn);
  auto [remote, session] = test::socket_pair();
  peer.send_with_descriptors("\0"s, {session.get()});
  session.reset();
  EXPECT_EQ(peer.received(), kOk);
  EXPECT_EQ(cache.size().sessions, 1U);
  EXPECT_FALSE(test::sees_eof(remote));
}

TEST_F(ScacheDialogueTest, HandsASessionOverAndKeepsNoCopy) {
  const UniqueFd remote = peer.save("ep1", "prop1");
  EXPECT_EQ(peer.answer(save_destination("dom1", "dprop", "ep1")), kOk);
  EXPECT_EQ(peer.answer(find_destination("dom1")),
            "status\0"
            "0\0property\0dprop\0property\0prop1\0\0"s);
  peer.send(kTurn);
  UniqueFd session = peer.descriptor();
  peer.send(kTurn);
  test::send_text(session, "RSET\r\n");
  EXPECT_EQ(test::received_text(remote), "RSET\r\n");
  session.reset();
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(peer.answer(find_destination("dom1")), kNoDestination);
  EXPECT_EQ(peer.answer(find_endpoint("ep1")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, TakesBothTurnsInOneWrite) {
  const UniqueFd remote = peer.save("ep1", "prop1");
  EXPECT_EQ(peer.answer(find_endpoint("ep1")),
            "status\0"
            "0\0property\0prop1\0\0"s);
  peer.send(kTurn + kTurn);
  EXPECT_TRUE(peer.descriptor());
  EXPECT_EQ(peer.answer(find_endpoint("ep1")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, TakesTheSecondTurnTogetherWithTheNextRequest) {
  const UniqueFd remote = peer.save("ep1", "prop1");
  (void)peer.answer(find_endpoint("ep1"));
  peer.send(kTurn);
  EXPECT_TRUE(peer.descriptor());
  EXPECT_EQ(peer.answer(kTurn + find_endpoint("ep1")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, DoesWithoutTheSecondTurn) {
  const UniqueFd remote = peer.save("ep1", "prop1");
  (void)peer.answer(find_endpoint("ep1"));
  peer.send(kTurn);
  EXPECT_TRUE(peer.descriptor());
  EXPECT_EQ(peer.answer(find_endpoint("ep1")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, LimitsTheTimeToLive) {
  const UniqueFd remote = peer.save("e", "p", "99999999999");
  clock.advance(4999ms);
  EXPECT_FALSE(test::sees_eof(remote));
  clock.advance(1ms);
  EXPECT_TRUE(test::sees_eof(remote));
}

// --- The vectors of spec/ipc.md 12 and the error table of 5.2, in one piece and byte by byte.

struct Vector {
  std::string name;
  std::string sent;
  std::string expected;
  std::vector<std::string> log;
};

void PrintTo(const Vector& vector, std::ostream* out) {
  *out << vector.name;
}

std::vector<Vector> vectors() {
  const std::string kBadFindDestination =
      "status\0"
      "1\0property\0\0property\0\0\0"s;
  const std::string kBadFindEndpoint =
      "status\0"
      "1\0property\0\0\0"s;
  const std::string save_dest = "scache_save_dest_service: bad or missing request parameter";
  const std::string save_endp = "scache_save_endp_service: bad or missing request parameter";
  std::vector<Vector> all = {
      {"FindEndpoint", find_endpoint("x"), kNoEndpoint, {}},
      {"FindDestination", find_destination("x"), kNoDestination, {}},
      {"FindDestinationWithoutLabel",
       list({"find_dest"}),
       kBadFindDestination,
       {"missing attribute label in input from scache socket",
        "scache_find_dest_service: bad or missing request parameter"}},
      {"FindEndpointWithoutLabel",
       list({"find_endp"}),
       kBadFindEndpoint,
       {"missing attribute label in input from scache socket",
        "scache_find_endp_service: bad or missing request parameter"}},
      {"SaveDestinationCutShort",
       list({"save_dest", "ttl", "1", "label", "x"}),
       kBad,
       {"missing attribute property in input from scache socket", save_dest}},
      {"SaveEndpointCutShort",
       list({"save_endp", "ttl", "1", "label", "x"}),
       kBad,
       {"missing attribute property in input from scache socket", save_endp}},
      {"Surplus",
       list({"save_dest", "ttl", "5", "label", "d", "property", "p", "label", "e", "extra", "1"}),
       kOk,
       {"unexpected attribute extra from scache socket (expecting: (list terminator))"}},
      {"Misordered",
       list({"save_dest", "label", "d", "ttl", "5", "property", "p", "label", "e"}),
       kBad,
       {"unexpected attribute label from scache socket (expecting: ttl)", save_dest}},
      {"Duplicate",
       list({"save_dest", "ttl", "5", "ttl", "5", "label", "d", "property", "p", "label", "e"}),
       kBad,
       {"unexpected attribute ttl from scache socket (expecting: label)", save_dest}},
      {"Unknown",
       list({"bogus", "a", "b", "c", "d"}),
       kBad,
       {"unrecognized request: \"bogus\", ignored"}},
      {"EmptyList", "\0"s, "", {"missing attribute request in input from scache socket"}},
      {"AttributeBeforeTheRequest",
       "foo\0bar\0"s + find_destination("x"),
       kNoDestination,
       {"unexpected attribute foo from scache socket (expecting: request)",
        "unexpected attribute bar from scache socket (expecting: request)"}},
  };
  for (const auto* ttl : {"0", "-1", "4294967296", "2147483648"})
    all.push_back({"Ttl"s + ttl, save_endpoint("e", "p", ttl), kBad, {save_endp}});
  for (const auto* ttl : {"abc", "10x", "5 ", "", "0x10"})
    all.push_back(
        {"Ttl"s + ttl,
         save_endpoint("e", "p", ttl),
         kBad,
         {"malformed numerical data from scache socket while reading input attribute value: "s +
              ttl,
          save_endp}});
  for (const auto* ttl : {" 5", "+5", "010", "4294967297", "99999999999"})
    all.push_back({"Ttl"s + ttl, save_endpoint("e", "p", ttl), kTurn, {}});
  for (Vector& vector : all) {
    for (std::string& line : vector.log) line = "warning: " + line;
  }
  return all;
}

class ScacheVectorTest : public ScacheDialogueTest, public testing::WithParamInterface<Vector> {
 protected:
  void SetUp() override {
    for (const std::string& line : GetParam().log) LogCapture::expect(line);
  }
  void expect_the_expected() {
    EXPECT_EQ(peer.received(), GetParam().expected);
    EXPECT_EQ(LogCapture::lines(), GetParam().log);
    if (GetParam().expected == kTurn) {
      const UniqueFd session = test::socket_pair().first;
      peer.send_with_descriptors("\0"s, {session.get()});
      EXPECT_EQ(peer.received(), kOk);
    }
    EXPECT_EQ(peer.answer(find_endpoint("x")), kNoEndpoint);
  }
};

TEST_P(ScacheVectorTest, InOnePiece) {
  peer.send(GetParam().sent);
  expect_the_expected();
}

TEST_P(ScacheVectorTest, ByteByByte) {
  for (const char byte : GetParam().sent) peer.send(std::string(1, byte));
  expect_the_expected();
}

INSTANTIATE_TEST_SUITE_P(Spec, ScacheVectorTest, testing::ValuesIn(vectors()));

// --- Rude clients.

TEST_F(ScacheDialogueTest, AnswersRequestsThatDidNotWaitForEachOther) {
  EXPECT_EQ(peer.answer(save_destination("d", "p", "e") + find_destination("d")),
            kOk + kNoDestination);
}

TEST_F(ScacheDialogueTest, SaysSoWhenAByteComesWithoutADescriptor) {
  LogCapture::expect("scache_save_endp_service: unable to receive file descriptor: ");
  (void)peer.answer(save_endpoint("e", "p"));
  EXPECT_EQ(peer.answer("\0"s), kFailed);
  EXPECT_EQ(peer.answer(find_endpoint("e")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, MakesNoRoomForMoreDescriptorsThanItWants) {
  LogCapture::expect("scache_save_endp_service: unable to receive file descriptor: ");
  (void)peer.answer(save_endpoint("e", "p"));
  auto [remote, session] = test::socket_pair();
  peer.send_with_descriptors("\0"s, std::vector(20, session.get()));
  EXPECT_EQ(peer.received(), kFailed);
  EXPECT_EQ(relieved, 0);
}

TEST_F(ScacheDialogueTest, ClosesBothWhenTwoDescriptorsCome) {
  LogCapture::expect("scache_save_endp_service: unable to receive file descriptor: ");
  (void)peer.answer(save_endpoint("e", "p"));
  auto [remote1, session1] = test::socket_pair();
  auto [remote2, session2] = test::socket_pair();
  peer.send_with_descriptors("\0"s, {session1.get(), session2.get()});
  session1.reset();
  session2.reset();
  EXPECT_EQ(peer.received(), kFailed);
  EXPECT_TRUE(test::sees_eof(remote1));
  EXPECT_TRUE(test::sees_eof(remote2));
  EXPECT_EQ(relieved, 0);
}

TEST_F(ScacheDialogueTest, TakesADescriptorWithSurplusBytes) {
  LogCapture::expect("missing attribute request in input from scache socket");
  (void)peer.answer(save_endpoint("e", "p"));
  const UniqueFd session = test::socket_pair().first;
  peer.send_with_descriptors("\0\0\0"s, {session.get()});
  EXPECT_EQ(peer.received(), kOk);
  EXPECT_EQ(LogCapture::lines().size(), 2U);
  EXPECT_EQ(cache.size().sessions, 1U);
}

TEST_F(ScacheDialogueTest, TakesADescriptorThatCameTooEarly) {
  const UniqueFd session = test::socket_pair().first;
  peer.send_with_descriptors(save_endpoint("e", "p") + '\0', {session.get()});
  EXPECT_EQ(peer.received(), kTurn + kOk);
  EXPECT_EQ(cache.size().sessions, 1U);
}

TEST_F(ScacheDialogueTest, ClosesADescriptorThatNobodyAskedFor) {
  auto [remote, stray] = test::socket_pair();
  peer.send_with_descriptors(find_endpoint("e"), {stray.get()});
  stray.reset();
  EXPECT_EQ(peer.received(), kNoEndpoint);
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(ScacheDialogueTest, LosesTheSessionOfAClientThatLeavesAfterAHit) {
  LogCapture::expect("scache_find_endp_service: cannot send file descriptor: ");
  const UniqueFd remote = peer.save("e", "p");
  (void)peer.answer(find_endpoint("e"));
  peer.hang_up();
  EXPECT_TRUE(peer.closed());
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(ScacheDialogueTest, LosesTheSessionOfAClientThatDoesNotAskForIt) {
  LogCapture::expect("unexpected attribute foo from scache socket (expecting: dummy)");
  LogCapture::expect("scache_find_endp_service: cannot send file descriptor: ");
  const UniqueFd remote = peer.save("e", "p");
  (void)peer.answer(find_endpoint("e"));
  EXPECT_EQ(peer.answer("foo\0bar\0\0"s), "");
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(peer.answer(find_endpoint("e")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, LeavesQuietlyBetweenRequests) {
  (void)peer.answer(find_endpoint("e"));
  peer.hang_up();
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDialogueTest, NamesThePlaceWhereAClientBrokeOff) {
  LogCapture::expect(
      "unexpected end-of-input from scache socket while reading input attribute value");
  peer.send("request\0find"s);
  peer.hang_up();
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDialogueTest, ClosesAClientThatStopsHalfWay) {
  LogCapture::expect("timeout on scache socket while reading input attribute value");
  peer.send("request\0fi"s);
  clock.advance(30s);
  peer.send("nd_endp"s);
  clock.advance(59s);
  EXPECT_FALSE(peer.closed());
  clock.advance(1s);
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDialogueTest, ClosesAClientThatKeepsItsDescriptor) {
  LogCapture::expect(
      "scache_save_endp_service: unable to receive file descriptor: Connection timed");
  (void)peer.answer(save_endpoint("e", "p"));
  clock.advance(60s);
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDialogueTest, LetsAClientBeIdle) {
  (void)peer.save("e", "p");
  clock.advance(24h);
  EXPECT_FALSE(peer.closed());
  EXPECT_EQ(peer.answer(find_endpoint("e")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, ClosesAClientThatTalksNonsense) {
  LogCapture::expect("missing attribute request in input from scache socket");
  LogCapture::expect("scache socket: 20 malformed requests in a row, closing the connection");
  peer.send(std::string(10'000, '\0'));
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(LogCapture::lines().size(), 21U);
}

TEST_F(ScacheDialogueTest, ClosesAClientWhoseWordsNeverEnd) {
  LogCapture::expect("scache socket: attribute list too long, closing the connection");
  for (int i = 0; i < 40 && !peer.closed(); ++i) peer.send(std::string(32 * 1024, 'x'));
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDialogueTest, WaitsForAClientThatDoesNotListen) {
  const std::string property(200'000, 'p');
  const UniqueFd remote = peer.save("e", property);
  peer.send(find_endpoint("e"));
  std::string reply;
  while (reply.size() < property.size() + 20) {
    reply += peer.received();
    clock.ready();
  }
  peer.send(kTurn);
  EXPECT_TRUE(peer.descriptor());
  EXPECT_EQ(peer.answer(kTurn + find_endpoint("none")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, DoesNotListenToAClientThatDoesNotListen) {
  LogCapture::expect("timeout on scache socket while sending a reply");
  EXPECT_LT(peer.send_without_listening(find_endpoint("e"), 4'000'000), 4'000'000U);
  clock.advance(60s);
  EXPECT_TRUE(peer.closed());
}

TEST_F(ScacheDialogueTest, OneClientDoesNotDelayAnother) {
  Peer stuck(clock, desk);
  (void)stuck.answer(save_endpoint("e", "p"));
  const UniqueFd remote = peer.save("e", "q");
  EXPECT_EQ(peer.answer(find_endpoint("e")),
            "status\0"
            "0\0property\0q\0\0"s);
  peer.send(kTurn + kTurn);
  EXPECT_TRUE(peer.descriptor());
}

// --- When the server has to go.

TEST_F(ScacheDialogueTest, LetsAClientAtRestGoAtOnce) {
  peer.settle();
  EXPECT_TRUE(peer.released());
  EXPECT_EQ(peer.received(), "");
}

TEST_F(ScacheDialogueTest, GoesOnWithAClientOfAnotherProcessWithoutAGreeting) {
  peer.settle();
  peer.serve_again(desk);
  EXPECT_EQ(peer.answer(find_endpoint("e")), kNoEndpoint);
}

TEST_F(ScacheDialogueTest, LeavesWhatAClientHasJustAskedToTheNextProcess) {
  const UniqueFd remote = peer.save("ep1", "prop1");
  peer.send_unread(find_endpoint("ep1"));
  peer.settle();
  EXPECT_EQ(peer.received(), "");
  EXPECT_EQ(cache.size().sessions, 1U);
  peer.serve_again(desk);
  EXPECT_EQ(cache.size().sessions, 0U);
}

TEST_F(ScacheDialogueTest, LetsAClientFinishBeforeItSettles) {
  const UniqueFd remote = peer.save("ep1", "prop1");
  peer.send(find_endpoint("ep1"));
  (void)peer.received();
  peer.settle();
  EXPECT_FALSE(peer.released());
  peer.send(kTurn);
  const UniqueFd session = peer.descriptor();
  EXPECT_FALSE(peer.released());
  peer.send(kTurn);
  EXPECT_TRUE(peer.released());
  EXPECT_FALSE(test::sees_eof(remote));
}

TEST_F(ScacheDialogueTest, HasAClientGoneThatLeavesInTheMiddleOfItsLastRequest) {
  LogCapture::expect("cannot send file descriptor");
  const UniqueFd remote = peer.save("ep1", "prop1");
  peer.send(find_endpoint("ep1"));
  peer.settle();
  peer.hang_up();
  EXPECT_TRUE(peer.closed());
  EXPECT_FALSE(peer.released());
}

TEST_F(ScacheDialogueTest, DoesNotKnowTheRequestToInheritWhereNobodyWantsTo) {
  LogCapture::expect("unrecognized request: \"inherit\", ignored");
  EXPECT_EQ(peer.answer(list({"inherit"})), kBad);
}

TEST_F(ScacheDialogueTest, LeavesTheConnectionToWhoeverInherits) {
  UniqueFd line;
  std::size_t attached = 0;
  desk.inherit = [&](UniqueFd socket, util::Received received) {
    line = std::move(socket);
    attached = received.descriptors.size();
  };
  auto [remote, session] = test::socket_pair();
  peer.send_with_descriptors(list({"inherit"}), {session.get()});
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(attached, 1U);
  test::send_text(line, "still open");
  EXPECT_EQ(peer.received(), "still open");
}

}  // namespace
}  // namespace handoff::global::scache
