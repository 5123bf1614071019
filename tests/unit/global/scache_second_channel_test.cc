// ClientSessionCache on the second socket of the server, and on its way there.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "global/scache_extension_proto.h"
#include "global/scripted_scache.h"
#include "support/log.h"
#include "support/sockets.h"
#include "util/pass_fd.h"
#include "util/sockets.h"

namespace handoff::global {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::LogCapture;
using util::UniqueFd;

const std::string kAnnouncement = "protocol\0connection_cache_protocol\0\0"s;
const std::string kOk =
    "status\0"
    "0\0\0"s;
const std::string kNotFound =
    "status\0"
    "2\0\0"s;
const std::string kFind = "request\0find\0endpoint\0e\0\0"s;
const std::string kFound =
    "status\0"
    "0\0endpoint_property\0prop\0\0"s;
// On the first socket.
const std::string kStockFind = "request\0find_endp\0label\0e\0\0"s;
const std::string kStockNotFound =
    "status\0"
    "2\0property\0\0\0"s;

using Lines = std::vector<std::string>;

class ScacheSecondSocketTest : public ScriptedScache {
 protected:
  ScacheSecondSocketTest()
      : first_(*util::listen_unix(path_, 5, 0600)), second_(listen()), cache(options()) {}

  [[nodiscard]] UniqueFd listen() const {
    return *util::listen_unix_packets(path_ + ".handoff", 5, 0600);
  }

  // On the second socket the client speaks first.
  Step accepts(Step then) {
    return [this, then] {
      peer = *util::accept_connection(second_.get());
      ++second_connections;
      then();
    };
  }
  Step announces() {
    return [this] {
      peer = *util::accept_connection(first_.get());
      ++first_connections;
      test::send_text(peer, kAnnouncement);
    };
  }
  // Keeps what the client sends along.
  Step takes(std::string expected, std::string text) {
    return [this, expected, text] {
      char buffer[1000];
      auto received = util::receive(peer.get(), buffer);
      ASSERT_TRUE(received);
      EXPECT_EQ(std::string(buffer, received->bytes), expected);
      ASSERT_EQ(received->descriptors.size(), 1U);
      saved = std::move(received->descriptors.front());
      test::send_text(peer, text);
    };
  }
  Step hands_over(std::string expected, std::string text) {
    return [this, expected, text] {
      EXPECT_EQ(test::received_text(peer), expected);
      auto [remote, session] = test::socket_pair();
      remote_ = std::move(remote);
      EXPECT_TRUE(util::send_packet(peer.get(), text, session.get()));
    };
  }
  static std::pair<UniqueFd, Session> session() {
    auto [remote, ours] = test::socket_pair();
    return {std::move(remote), Session{"prop", std::move(ours), "QUIT\r\n"}};
  }

  UniqueFd first_;
  UniqueFd second_;
  int first_connections = 0;
  int second_connections = 0;
  UniqueFd saved;
  ClientSessionCache cache;
};

TEST_F(ScacheSecondSocketTest, IsTriedFirstAndKept) {
  script = {accepts(answers(kFind, kNotFound)), answers(kFind, kNotFound)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(second_connections, 1);
  EXPECT_EQ(first_connections, 0);
}

TEST_F(ScacheSecondSocketTest, FindsASessionInOneRoundTrip) {
  script = {accepts(hands_over(kFind, kFound))};
  const auto found = cache.find_endpoint("e");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, "prop");
  test::send_text(remote_, "220 hello");
  EXPECT_EQ(test::received_text(found->connection), "220 hello");
}

TEST_F(ScacheSecondSocketTest, FindsADestination) {
  script = {accepts(hands_over("request\0find\0destination\0d\0\0"s,
                               "status\0"
                               "0\0destination_property\0dp\0endpoint_property\0ep\0\0"s))};
  const auto found = cache.find_destination("d");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, "dp");
  EXPECT_EQ(found->session.property, "ep");
}

TEST_F(ScacheSecondSocketTest, SavesBothInOneRoundTripAndKeepsNoCopy) {
  script = {
      accepts(takes("request\0save\0ttl_ms\0001500\0endpoint\0e\0endpoint_property\0prop\0"
                    "farewell\0QUIT\r\n\0destination\0d\0destination_property\0dp\0\0"s,
                    kOk))};
  auto [remote, offered] = session();
  cache.save("d", {.property = "dp", .endpoint = "e"}, std::move(offered), 1500ms);
  EXPECT_TRUE(script.empty());
  EXPECT_FALSE(test::sees_eof(remote));
  saved.reset();
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(ScacheSecondSocketTest, SavesOneOfThemAlone) {
  script = {accepts(takes("request\0save\0ttl_ms\0002000\0endpoint\0e\0endpoint_property\0prop\0"
                          "farewell\0QUIT\r\n\0\0"s,
                          kOk)),
            answers("request\0save\0ttl_ms\0002000\0endpoint\0e\0"
                    "destination\0d\0destination_property\0dp\0\0"s,
                    kOk)};
  auto [remote, offered] = session();
  cache.save_endpoint("e", std::move(offered), 2s);
  cache.save_destination("d", {.property = "dp", .endpoint = "e"}, 2s);
  EXPECT_TRUE(script.empty());
}

TEST_F(ScacheSecondSocketTest, AsksForNothingThatDoesNotFitIntoAPacket) {
  EXPECT_FALSE(cache.find_endpoint(std::string(scache::kPacketLimit, 'e')));
  auto [remote, offered] = session();
  cache.save_endpoint(std::string(scache::kPacketLimit, 'e'), std::move(offered), 5s);
  EXPECT_TRUE(test::sees_eof(remote));
  script = {accepts(answers(kFind, kNotFound))};
  EXPECT_FALSE(cache.find_endpoint("e"));
}

TEST_F(ScacheSecondSocketTest, IsLeftWhenIdle) {
  script = {accepts(answers(kFind, kNotFound))};
  (void)cache.find_endpoint("e");
  now += 4s;
  EXPECT_EQ(cache.tidy(), 1s);
  now += 1s;
  EXPECT_EQ(cache.tidy(), std::nullopt);
  EXPECT_TRUE(test::sees_eof(peer));
}

// --- A server that leaves, or is not there.

TEST_F(ScacheSecondSocketTest, IsReplacedWhenTheServerHasClosedItWithoutAWord) {
  script = {accepts(answers(kFind, kNotFound)), accepts(answers(kFind, kNotFound))};
  EXPECT_FALSE(cache.find_endpoint("e"));
  peer.reset();
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(second_connections, 2);
}

TEST_F(ScacheSecondSocketTest, IsFoundAgainBehindTheFirst) {
  script = {accepts(answers(kFind, kNotFound)), announces(), accepts(answers(kFind, kNotFound))};
  EXPECT_FALSE(cache.find_endpoint("e"));
  peer.reset();
  second_.reset();  // the server has gone, and left the name
  script.front() = [this] {
    announces()();
    second_ = listen();
  };
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_TRUE(script.empty());
  EXPECT_EQ(first_connections, 1);
  EXPECT_EQ(second_connections, 2);
}

TEST_F(ScacheSecondSocketTest, IsDoneWithout) {
  second_.reset();
  script = {announces(), answers(kStockFind, kStockNotFound), answers(kStockFind, kStockNotFound)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_TRUE(script.empty());
  EXPECT_EQ(first_connections, 1);
}

TEST_F(ScacheSecondSocketTest, IsDoneWithoutInASaveOfBoth) {
  second_.reset();
  script = {announces(),
            answers("request\0save_dest\0ttl\0"
                    "5\0label\0d\0property\0dp\0label\0e\0\0"s,
                    kOk),
            answers("request\0save_endp\0ttl\0"
                    "5\0label\0e\0property\0prop\0\0"s,
                    "dummy\0\0\0"s),
            [this] {
              saved = *util::receive_fd(peer.get());
              test::send_text(peer, kOk);
            }};
  auto [remote, offered] = session();
  cache.save("d", {.property = "dp", .endpoint = "e"}, std::move(offered), 5s);
  EXPECT_TRUE(script.empty());
  EXPECT_TRUE(saved);
}

TEST_F(ScacheSecondSocketTest, CostsOneAttemptForEachConnectionToTheFirst) {
  int attempts = 0;
  auto counting = options();
  counting.connect_second = [&attempts]() -> util::Result<UniqueFd> {
    ++attempts;
    return util::Error::system("connect", ENOENT);
  };
  ClientSessionCache client(counting);
  for (int connection = 1; connection <= 3; ++connection) {
    script = {announces()};
    for (int i = 0; i < 10; ++i) {
      script.push_back(answers(kStockFind, kStockNotFound));
      EXPECT_FALSE(client.find_endpoint("e"));
    }
    EXPECT_EQ(attempts, 1 + connection);  // the very first one came before
    now += 5s;
    EXPECT_EQ(client.tidy(), std::nullopt);
  }
}

TEST_F(ScacheSecondSocketTest, IsLeftAloneForAMinuteWhenItDoesNotWantUs) {
  const Step turns_away = accepts(hangs_up());
  script = {turns_away,
            announces(),
            turns_away,
            announces(),
            answers(kStockFind, kStockNotFound),
            answers(kStockFind, kStockNotFound)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_TRUE(script.empty());
  peer.reset();
  script = {announces(), answers(kStockFind, kStockNotFound)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(second_connections, 2);
  now += 60s;
  peer.reset();
  script = {announces(), accepts(answers(kFind, kNotFound))};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(second_connections, 3);
}

TEST_F(ScacheSecondSocketTest, OffersASessionAgainWhenTheServerLeaves) {
  const std::string request =
      "request\0save\0ttl_ms\0005000\0endpoint\0e\0endpoint_property\0prop\0farewell\0"
      "QUIT\r\n\0\0"s;
  script = {accepts(hangs_up()), announces(), accepts(takes(request, kOk))};
  auto [remote, offered] = session();
  cache.save_endpoint("e", std::move(offered), 5s);
  EXPECT_TRUE(script.empty());
  EXPECT_FALSE(test::sees_eof(remote));
}

// --- Failures are logged as on the first socket.

class ScacheSecondSocketFailureTest : public ScacheSecondSocketTest {
 protected:
  void expect_failure(const std::string& what) {
    const std::string line = "warning: problem talking to service scache: " + what;
    const std::string disabled = "warning: disabling connection caching";
    for (const std::string& expected : {line, disabled}) LogCapture::expect(expected);
    EXPECT_FALSE(cache.find_endpoint("e"));
    EXPECT_EQ(LogCapture::lines(), (Lines{line, line, disabled}));
    EXPECT_TRUE(script.empty());
    EXPECT_EQ(first_connections, 0);
  }
};

TEST_F(ScacheSecondSocketFailureTest, NeverAnswers) {
  script = {accepts([] {}), accepts([] {})};
  expect_failure("Connection timed out");
}

TEST_F(ScacheSecondSocketFailureTest, SendsNoDescriptor) {
  script = {accepts(answers(kFind, kFound)), accepts(answers(kFind, kFound))};
  expect_failure("Application error");
}

TEST_F(ScacheSecondSocketFailureTest, SendsTwoDescriptors) {
  UniqueFd remote;
  const Step two = accepts([&] {
    auto [far_end, session] = test::socket_pair();
    remote = std::move(far_end);
    test::send_descriptors(peer, kFound, {session.get(), session.get()});
  });
  script = {two, two};
  expect_failure("Application error");
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(ScacheSecondSocketFailureTest, SendsTooMuch) {
  const Step much = accepts(answers(kFind, kFound + std::string(scache::kPacketLimit, 'x')));
  script = {much, much};
  expect_failure("Application error");
}

}  // namespace
}  // namespace handoff::global
