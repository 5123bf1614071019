// Servers that stall, hang up and come back, with very little patience for them.
#include "tables/server_tables.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "support/files.h"
#include "support/log.h"
#include "util/unique_fd.h"

namespace handoff::tables {
namespace {

using namespace std::chrono_literals;
using test::LogCapture;
using util::UniqueFd;

constexpr auto kPatience = 100ms;

// What the server does with a connection: say something, when a question has come.
struct Act {
  std::string words;
  bool hang_up = false;  // or stay, and say nothing more
};

// Behaves at its first connection, second, ... as told; the last act goes for all others.
class ScriptedServer {
 public:
  ScriptedServer(const std::string& path, std::vector<Act> acts)
      : acts_(std::move(acts)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 10), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // ends accept()
    thread_.join();
  }

  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  void serve() {
    while (true) {
      UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      const Act& act = acts_[std::min<std::size_t>(connections_++, acts_.size() - 1)];
      char question[1024];
      if (::read(client.get(), question, sizeof question) <= 0) continue;
      EXPECT_EQ(::write(client.get(), act.words.data(), act.words.size()),
                static_cast<ssize_t>(act.words.size()));
      if (!act.hang_up) kept_.push_back(std::move(client));
    }
  }

  std::vector<Act> acts_;
  UniqueFd listener_;
  std::vector<UniqueFd> kept_;
  std::atomic<std::size_t> connections_ = 0;
  std::thread thread_;
};

class ServerTables : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return directory_.path("server"); }
  [[nodiscard]] ServerAddress address() const { return {true, path()}; }

  [[nodiscard]] std::unique_ptr<Table> socketmap() const {
    ServerConnection::Limits limits;
    limits.io = kPatience;
    return make_socketmap_table("unix:server:map", "map",
                                std::make_shared<ServerConnection>(address(), limits));
  }
  [[nodiscard]] std::unique_ptr<Table> tcp(int attempts) const {
    return make_tcp_table(address(), {kPatience, attempts, 0ms});
  }

  static std::string ask(Table& table) {
    const Answer answer = table.lookup("key");
    if (!answer) return "error " + std::to_string(answer.error().code);
    return answer->value_or("(none)");
  }
  static std::string timed_out() { return "error " + std::to_string(ETIMEDOUT); }

  test::TemporaryDirectory directory_;
};

TEST_F(ServerTables, SocketmapWaitsOnceForAServerThatIsSilent) {
  LogCapture::expect("table socketmap:unix:server:map lookup error: timeout error");
  const ScriptedServer server(path(), {{""}});
  EXPECT_EQ(ask(*socketmap()), timed_out());
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ServerTables, SocketmapWaitsForTheRestOfAReply) {
  LogCapture::expect("lookup error: timeout error");
  for (const char* half : {"1", "8:", "8:OK va", "8:OK value"}) {
    ::unlink(path().c_str());
    const ScriptedServer server(path(), {{half}});
    EXPECT_EQ(ask(*socketmap()), timed_out()) << half;
  }
}

TEST_F(ServerTables, SocketmapAsksAgainWhereAReplyWasCutOff) {
  const ScriptedServer server(path(), {{"8:OK va", true}, {"8:OK value,"}});
  EXPECT_EQ(ask(*socketmap()), "value");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ServerTables, SocketmapAsksTwiceAtMost) {
  LogCapture::expect("lookup error: unexpected disconnect");
  const ScriptedServer server(path(), {{"8:OK va", true}});
  EXPECT_EQ(ask(*socketmap()).substr(0, 5), "error");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ServerTables, SocketmapGoesOnWhenTheServerIsWellAgain) {
  LogCapture::expect("lookup error: timeout error");
  const ScriptedServer server(path(), {{"8:OK va"}, {"8:OK value,"}});
  const auto table = socketmap();
  EXPECT_EQ(ask(*table), timed_out());
  EXPECT_EQ(ask(*table), "value");
}

TEST_F(ServerTables, TcpAsksASilentServerAFewTimes) {
  LogCapture::expect("read TCP map reply from " + path() + ": Connection timed out");
  for (const char* half : {"", "2", "200 va"}) {
    ::unlink(path().c_str());
    const ScriptedServer server(path(), {{half}});
    EXPECT_EQ(ask(*tcp(3)), timed_out()) << half;
    EXPECT_EQ(server.connections(), 3U);
  }
}

TEST_F(ServerTables, TcpAsksAgainWhereAReplyWasCutOff) {
  LogCapture::expect("read TCP map reply from " + path() + ": unexpected EOF");
  const ScriptedServer server(path(), {{"200 va", true}, {"", true}, {"200 value\n"}});
  EXPECT_EQ(ask(*tcp(3)), "value");
  EXPECT_EQ(server.connections(), 3U);
}

TEST_F(ServerTables, TcpGoesOnWhenTheServerIsWellAgain) {
  LogCapture::expect("read TCP map reply from " + path() + ": Connection timed out");
  const ScriptedServer server(path(), {{"200 va"}, {"200 value\n"}});
  const auto table = tcp(1);
  EXPECT_EQ(ask(*table), timed_out());
  EXPECT_EQ(ask(*table), "value");
}

TEST_F(ServerTables, WithoutAServerThereIsAnError) {
  LogCapture::expect("connect to ");
  LogCapture::expect("lookup error: ");
  const std::string missing = "error " + std::to_string(ENOENT);
  EXPECT_EQ(ask(*socketmap()), missing);
  EXPECT_EQ(ask(*tcp(2)), missing);
}

}  // namespace
}  // namespace handoff::tables
