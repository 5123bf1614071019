#include "global/session_cache_clnt.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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
const std::string kTurn = "dummy\0\0\0"s;
const std::string kSaved =
    "status\0"
    "0\0\0"s;
const std::string kNoEndpoint =
    "status\0"
    "2\0property\0\0\0"s;
const std::string kEndpoint =
    "status\0"
    "0\0property\0prop\0\0"s;
const std::string kFindEndpoint = "request\0find_endp\0label\0e\0\0"s;

using Lines = std::vector<std::string>;

class ScacheClntTest : public ScriptedScache {
 protected:
  ScacheClntTest() : listener_(*util::listen_unix(path_, 5, 0600)), cache(options()) {}

  Step announces(std::string text = kAnnouncement) {
    return [this, text] {
      peer = *util::accept_connection(listener_.get());
      ++connections;
      test::send_text(peer, text);
    };
  }
  Step hangs_up_at_once() {
    return [this] { *util::accept_connection(listener_.get()); };
  }
  Step hands_over(std::string expected) {
    return [this, expected] {
      EXPECT_EQ(test::received_text(peer), expected);
      auto [remote, session] = test::socket_pair();
      remote_ = std::move(remote);
      EXPECT_TRUE(util::send_fd(peer.get(), session.get()));
    };
  }
  // One end goes into the cache, the other comes back.
  std::pair<UniqueFd, Session> session() {
    auto [remote, ours] = test::socket_pair();
    return {std::move(remote), Session{"prop", std::move(ours)}};
  }

  UniqueFd listener_;
  int connections = 0;
  ClientSessionCache cache;
};

TEST_F(ScacheClntTest, ConnectsOnFirstUseAndStaysConnected) {
  script = {announces(), answers(kFindEndpoint, kNoEndpoint), answers(kFindEndpoint, kNoEndpoint)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(connections, 1);
}

TEST_F(ScacheClntTest, FindsASession) {
  script = {announces(), answers(kFindEndpoint, kEndpoint), hands_over(kTurn + kTurn)};
  auto found = cache.find_endpoint("e");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, "prop");
  test::send_text(remote_, "220 hello");
  EXPECT_EQ(test::received_text(found->connection), "220 hello");
}

TEST_F(ScacheClntTest, FindsADestination) {
  script = {announces(),
            answers("request\0find_dest\0label\0d\0\0"s,
                    "status\0"
                    "0\0property\0dp\0property\0ep\0\0"s),
            hands_over(kTurn + kTurn)};
  const auto found = cache.find_destination("d");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, "dp");
  EXPECT_EQ(found->session.property, "ep");
}

TEST_F(ScacheClntTest, SavesASessionAndKeepsNoCopy) {
  UniqueFd saved;
  script = {announces(),
            answers("request\0save_endp\0ttl\0"
                    "2\0label\0e\0property\0prop\0\0"s,
                    kTurn),
            [&] {
              saved = *util::receive_fd(peer.get());
              test::send_text(peer, kSaved);
            }};
  auto [remote, offered] = session();
  cache.save_endpoint("e", std::move(offered), 1500ms);
  EXPECT_TRUE(script.empty());
  EXPECT_FALSE(test::sees_eof(remote));
  saved.reset();
  EXPECT_TRUE(test::sees_eof(remote));
}

TEST_F(ScacheClntTest, SavesABinding) {
  script = {announces(), answers("request\0save_dest\0ttl\0"
                                 "5\0label\0d\0property\0dp\0label\0e\0\0"s,
                                 kSaved)};
  cache.save_destination("d", {.property = "dp", .endpoint = "e"}, 5s);
  EXPECT_TRUE(script.empty());
}

TEST_F(ScacheClntTest, TakesAStatusInPlaceOfATurnForARefusal) {
  script = {announces(),
            [&] {
              (void)test::received_text(peer);
              test::send_text(peer,
                              "status\0"
                              "1\0\0"s);
            },
            answers(kFindEndpoint, kNoEndpoint)};
  auto [remote, offered] = session();
  cache.save_endpoint("e", std::move(offered), 5s);
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(connections, 1);
}

TEST_F(ScacheClntTest, ForgivesSurplusAttributes) {
  LogCapture::expect("unexpected attribute extra from " + path_ +
                     " (expecting: (list terminator))");
  script = {announces("protocol\0connection_cache_protocol\0extra\0x\0\0"s),
            answers(kFindEndpoint,
                    "status\0"
                    "2\0property\0\0extra\0x\0\0"s)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(LogCapture::lines().size(), 2U);
}

// --- A server that leaves.

TEST_F(ScacheClntTest, ReplacesAConnectionThatTheServerHasClosedWithoutAWord) {
  script = {announces(), answers(kFindEndpoint, kNoEndpoint), announces(),
            answers(kFindEndpoint, kNoEndpoint)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  peer.reset();
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_EQ(connections, 2);
  EXPECT_TRUE(script.empty());
}

TEST_F(ScacheClntTest, ReplacesAConnectionThatTheServerClosesInsteadOfAnswering) {
  script = {announces(), answers(kFindEndpoint, kNoEndpoint), hangs_up(), announces(),
            answers(kFindEndpoint, kNoEndpoint)};
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_FALSE(cache.find_endpoint("e"));
  EXPECT_TRUE(script.empty());
}

TEST_F(ScacheClntTest, OffersASessionAgainAfterAFailure) {
  script = {announces(), hangs_up(), announces(),
            [&] {
              (void)test::received_text(peer);
              test::send_text(peer, kTurn);
            },
            [&] {
              remote_ = *util::receive_fd(peer.get());
              test::send_text(peer, kSaved);
            }};
  auto [remote, offered] = session();
  cache.save_endpoint("e", std::move(offered), 5s);
  EXPECT_TRUE(remote_);
  EXPECT_EQ(LogCapture::lines(), Lines());
}

TEST_F(ScacheClntTest, DisconnectsWhenIdle) {
  script = {announces(), answers(kFindEndpoint, kNoEndpoint)};
  EXPECT_EQ(cache.tidy(), std::nullopt);
  (void)cache.find_endpoint("e");
  now += 4s;
  EXPECT_EQ(cache.tidy(), 1s);
  now += 1s;
  EXPECT_EQ(cache.tidy(), std::nullopt);
  EXPECT_TRUE(test::sees_eof(peer));
}

TEST_F(ScacheClntTest, DisconnectsAfterItsLifetimeHoweverBusy) {
  script = {announces()};
  for (int i = 0; i < 1000; ++i) {
    script.push_back(answers(kFindEndpoint, kNoEndpoint));
    (void)cache.find_endpoint("e");
    EXPECT_EQ(cache.tidy(), i < 996 ? 5s : std::chrono::seconds(1000 - i));
    now += 1s;
  }
  EXPECT_EQ(cache.tidy(), std::nullopt);
}

// --- The log lines of spec/ipc.md 6.

class ScacheClntFailureTest : public ScacheClntTest {
 protected:
  // Twice is enough: caching is off afterwards, until a minute has passed.
  void expect_failure(const Lines& expected, bool save = false) {
    for (const std::string& line : expected) LogCapture::expect(line);
    auto [remote, offered] = session();
    if (save)
      cache.save_endpoint("e", std::move(offered), 5s);
    else
      EXPECT_FALSE(cache.find_endpoint("e"));
    EXPECT_EQ(LogCapture::lines(), expected);
    EXPECT_TRUE(script.empty());
    EXPECT_EQ(test::sees_eof(remote), save);

    script = {[] { ADD_FAILURE() << "talks to the server although caching is off"; }};
    auto [second_remote, second_offered] = session();
    cache.save_endpoint("e", std::move(second_offered), 5s);
    EXPECT_TRUE(test::sees_eof(second_remote));
    EXPECT_FALSE(cache.find_destination("d"));
  }
  [[nodiscard]] std::string trouble(const std::string& what) const {
    return "warning: problem talking to service " + path_ + ": " + what;
  }
  const std::string kDisabled = "warning: disabling connection caching";
};

TEST_F(ScacheClntFailureTest, NobodyListens) {
  listener_.reset();
  const std::string line = "warning: connect to " + path_ + ": Connection refused";
  expect_failure({line, line, kDisabled});
}

TEST_F(ScacheClntFailureTest, ClosesBeforeAnnouncing) {
  script = {hangs_up_at_once(), hangs_up_at_once()};
  expect_failure({kDisabled});
}

TEST_F(ScacheClntFailureTest, AnnouncesSomethingElse) {
  script = {announces("protocol\0tlsproxy_protocol\0\0"s),
            announces("protocol\0tlsproxy_protocol\0\0"s)};
  const std::string line = "warning: unexpected protocol tlsproxy_protocol from " + path_ +
                           " (expected: connection_cache_protocol)";
  expect_failure({line, line, kDisabled});
}

TEST_F(ScacheClntFailureTest, NeverAnnounces) {
  script = {announces(""), announces("")};
  const std::string line = trouble("Application error");
  expect_failure({line, line, kDisabled});
}

TEST_F(ScacheClntFailureTest, ClosesInsteadOfAnsweringALookUp) {
  script = {announces(), hangs_up(), announces(), hangs_up()};
  const std::string line = trouble("Application error");
  expect_failure({line, line, kDisabled});
}

TEST_F(ScacheClntFailureTest, ClosesInsteadOfTakingASession) {
  script = {announces(), hangs_up(), announces(), hangs_up()};
  expect_failure({trouble("Application error"), kDisabled}, true);
}

TEST_F(ScacheClntFailureTest, NeverAnswers) {
  const auto nothing = [] {};
  script = {announces(), nothing, announces(), nothing};
  const std::string line = trouble("Connection timed out");
  expect_failure({line, line, kDisabled});
}

TEST_F(ScacheClntFailureTest, SendsNoDescriptor) {
  const auto no_descriptor = [this] { test::send_text(peer, "\0"s); };
  script = {announces(), answers(kFindEndpoint, kEndpoint), no_descriptor,
            announces(), answers(kFindEndpoint, kEndpoint), no_descriptor};
  const std::string line = trouble("Application error");
  expect_failure({line, line, kDisabled});
}

TEST_F(ScacheClntFailureTest, SendsTwoDescriptors) {
  UniqueFd remote1;
  const auto two_descriptors = [&] {
    auto [remote, session] = test::socket_pair();
    remote1 = std::move(remote);
    test::send_descriptors(peer, "\0"s, {session.get(), session.get()});
  };
  script = {announces(), answers(kFindEndpoint, kEndpoint), two_descriptors,
            announces(), answers(kFindEndpoint, kEndpoint), two_descriptors};
  const std::string line = trouble("Application error");
  expect_failure({line, line, kDisabled});
  EXPECT_TRUE(test::sees_eof(remote1));
}

TEST_F(ScacheClntTest, TriesAgainAfterAMinute) {
  LogCapture::expect("disabling connection caching");
  script = {hangs_up_at_once(), hangs_up_at_once()};
  EXPECT_FALSE(cache.find_endpoint("e"));
  now += 59s;
  EXPECT_FALSE(cache.find_endpoint("e"));
  now += 1s;
  script = {announces(), answers(kFindEndpoint, kEndpoint), hands_over(kTurn + kTurn)};
  EXPECT_TRUE(cache.find_endpoint("e"));
}

TEST_F(ScacheClntTest, SavesNothingThatWouldBreakTheProtocol) {
  LogCapture::expect("not saved in the connection cache: NUL character in a label or property");
  auto [remote, offered] = session();
  offered.property = "status\0\0"s;
  cache.save_endpoint("e", std::move(offered), 5s);
  EXPECT_TRUE(test::sees_eof(remote));
  EXPECT_EQ(connections, 0);
}

}  // namespace
}  // namespace handoff::global
