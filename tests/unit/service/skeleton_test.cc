#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <list>

#include "service/dgram_server.h"
#include "service/event_server.h"
#include "service/forked_daemon.h"
#include "service/multi_server.h"
#include "service/single_server.h"
#include "service/trigger_server.h"
#include "support/sockets.h"
#include "util/pass_fd.h"

namespace handoff::service {
namespace {

using namespace std::chrono_literals;
using global::master_proto::StatusRecord;
using test::send_text;
using util::UniqueFd;
using Records = std::vector<StatusRecord>;
constexpr unsigned kGeneration = 10;  // "12" in octal

const char* name_of(Leaving why) {
  switch (why) {
    case Leaving::MasterGone:
      return "leaves: master gone";
    case Leaving::Idle:
      return "leaves: idle";
    case Leaving::UsedUp:
      return "leaves: used up";
    case Leaving::Retired:
      return "leaves: retired";
    case Leaving::Stale:
      return "leaves: stale";
    case Leaving::Done:
      return "leaves: done";
    case Leaving::Stopped:
      return "leaves: stopped";
  }
  return "leaves";
}

// Descriptors run out, for some time.
class Shortage {
 public:
  explicit Shortage(Reporter reporter) : reporter_(reporter) {}

  // Before each accept: the first fails, and so do all that come too soon after it.
  void on_accept() {
    ++accepts_;
    if (accepts_ == 1) return begin();
    if (over_ || std::chrono::steady_clock::now() - begin_ < 500ms) return;
    over_ = true;
    (void)setrlimit(RLIMIT_NOFILE, &before_);
    reporter_.say("accepts: " + std::to_string(accepts_));
  }

 private:
  void begin() {
    begin_ = std::chrono::steady_clock::now();
    const UniqueFd next(dup(STDIN_FILENO));
    (void)getrlimit(RLIMIT_NOFILE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(next.get());
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }

  Reporter reporter_;
  int accepts_ = 0;
  bool over_ = false;
  std::chrono::steady_clock::time_point begin_;
  rlimit before_{};
};

// --- One client at a time.

class Echo : public SingleService {
 public:
  Echo(Reporter reporter, std::string stale) : reporter_(reporter), stale_(std::move(stale)) {}
  void pre_jail() override { reporter_.say("pre-jail"); }
  void post_jail() override { reporter_.say("post-jail"); }
  std::string stale() override { return stale_; }
  void serve(Connection client) override {
    const std::string text = read_all(client.fd.get());
    for (const auto& [name, value] : client.attributes) reporter_.say(name + "=" + value);
    (void)!write(client.fd.get(), text.data(), text.size());
    reporter_.say("served " + text);
  }
  void on_exit(Leaving why) override { reporter_.say(name_of(why)); }

 private:
  Reporter reporter_;
  std::string stale_;
};

class StarvedEcho : public Echo {
 public:
  explicit StarvedEcho(Reporter reporter) : Echo(reporter, ""), shortage_(reporter) {}
  std::string stale() override {
    shortage_.on_accept();
    return {};
  }

 private:
  Shortage shortage_;
};

class SingleServerTest : public ForkedDaemonTest {
 protected:
  void run_starved() {
    start({"-t", "unix"}, [](int argc, char** argv, const Reporter& reporter) {
      return run_single_server(argc, argv, {},
                               [&](Process&) { return std::make_unique<StarvedEcho>(reporter); });
    });
  }
  void run(std::vector<std::string> options, const Needs& needs = {}, std::string stale = "") {
    start(std::move(options), [=](int argc, char** argv, const Reporter& reporter) {
      return run_single_server(argc, argv, needs,
                               [&](Process&) { return std::make_unique<Echo>(reporter, stale); });
    });
  }
  void call(const std::string& text) {
    const UniqueFd client = connect();
    send_text(client, text);
    shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(read_all(client.get()), text);
  }
};

TEST_F(SingleServerTest, ServesAndReportsAndLeavesWithMaster) {
  listen_unix();
  run({"-t", "unix"});
  EXPECT_EQ(heard(), "pre-jail");
  EXPECT_EQ(heard(), "post-jail");
  call("hello");
  EXPECT_EQ(heard(), "served hello");
  call("again");
  EXPECT_EQ(heard(), "served again");
  ASSERT_TRUE(readable(master.get()));
  shutdown(master.get(), SHUT_WR);
  EXPECT_EQ(heard(), "leaves: master gone");
  const StatusRecord taken{pid, kGeneration, 0};
  const StatusRecord available{pid, kGeneration, 1};
  EXPECT_EQ(exit_status(), 0);
  EXPECT_EQ(records(), (Records{taken, available, taken, available}));
}

TEST_F(SingleServerTest, ServesTheClientThatCameBeforeAReloadAndLeaves) {
  listen_unix();
  run({"-t", "unix"});
  EXPECT_EQ(heard(), "pre-jail");
  const UniqueFd client = connect();
  ASSERT_TRUE(readable(master.get()));  // taken
  master.reset();
  send_text(client, "late");
  shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(read_all(client.get()), "late");
  EXPECT_EQ(heard(), "post-jail");
  EXPECT_EQ(heard(), "served late");
  EXPECT_EQ(heard(), "leaves: master gone");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(SingleServerTest, IsUsedUpAndIdlesOut) {
  listen_unix();
  run({"-t", "unix", "-m", "1"});
  call("one");
  EXPECT_EQ(exit_status(), 0);
  run({"-t", "unix", "-i", "1"});
  EXPECT_EQ(exit_status(), 0);
  for (const char* line : {"pre-jail", "post-jail", "leaves: idle"}) EXPECT_EQ(heard(), line);
}

TEST_F(SingleServerTest, MakesRoomForASuccessorWithoutAccepting) {
  listen_unix();
  run({"-t", "unix"}, {}, "table x has changed");
  const UniqueFd client = connect();
  EXPECT_EQ(exit_status(), 0);
  for (const char* line : {"pre-jail", "post-jail", "leaves: stale"}) EXPECT_EQ(heard(), line);
  EXPECT_TRUE(records().empty());
}

TEST_F(SingleServerTest, PausesWhenDescriptorsRunOut) {
  listen_unix();
  run_starved();
  call("patient");
  for (const char* line : {"pre-jail", "post-jail", "accepts: 2", "served patient"}) {
    EXPECT_EQ(heard(), line);
  }
}

TEST_F(SingleServerTest, TakesPassedClients) {
  listen_unix();
  run({"-t", "pass"});
  auto [ours, theirs] = test::socket_pair();
  const UniqueFd passer = connect();
  ASSERT_TRUE(util::send_fd(passer.get(), theirs.get()));
  theirs.reset();
  send_text(passer, std::string("a\0b\0c\0d\0\0", 9));
  send_text(ours, "passed");
  shutdown(ours.get(), SHUT_WR);
  EXPECT_EQ(read_all(ours.get()), "passed");
  for (const char* line : {"pre-jail", "post-jail", "a=b", "c=d", "served passed"}) {
    EXPECT_EQ(heard(), line);
  }
}

TEST_F(SingleServerTest, ServesStandardInputWhenAlone) {
  give_standard_input();
  run({"-S"}, {.processes = Needs::Processes::One});
  send_text(terminal, "typed");
  shutdown(terminal.get(), SHUT_WR);
  EXPECT_EQ(read_all(terminal.get()), "typed");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(SingleServerTest, InsistsOnItsProcessLimit) {
  listen_unix();
  run({"-t", "unix"}, {.processes = Needs::Processes::One});
  EXPECT_EQ(exit_status(), 1);
  EXPECT_EQ(heard(), "(end)");
}

// --- Many clients, many requests.

class Letters : public EventService {
 public:
  Letters(MultiServer& server, Reporter reporter) : server_(server), reporter_(reporter) {}
  void on_client(Client client) override {
    clients_.push_back({std::move(client), {}});
    const auto place = std::prev(clients_.end());
    place->watch = server_.scheduler().readable(place->client.connection.fd.get(),
                                                [this, place] { on_readable(place); });
    reporter_.say("clients " + std::to_string(server_.clients()));
  }
  void on_drain() override { reporter_.say("drains"); }
  void on_exit(Leaving why) override { reporter_.say(name_of(why)); }

 private:
  struct Visitor {
    Client client;
    util::Watch watch;
  };

  void on_readable(std::list<Visitor>::iterator visitor) {
    char letter = 0;
    if (read(visitor->client.connection.fd.get(), &letter, 1) != 1) {
      clients_.erase(visitor);
      return reporter_.say("gone");
    }
    server_.request_begins();
    reporter_.say(std::string("request ") + letter);
    (void)!write(visitor->client.connection.fd.get(), &letter, 1);
    server_.request_ended();
  }

  MultiServer& server_;
  Reporter reporter_;
  std::list<Visitor> clients_;
};

class MultiServerTest : public ForkedDaemonTest {
 protected:
  void run_multi(std::vector<std::string> options, const Needs& needs = {}) {
    start(std::move(options), [=](int argc, char** argv, const Reporter& reporter) {
      return run_multi_server(argc, argv, needs, [&](MultiServer& server) {
        return std::make_unique<Letters>(server, reporter);
      });
    });
  }
  void run_event(std::vector<std::string> options) {
    start(std::move(options), [](int argc, char** argv, const Reporter& reporter) {
      return run_event_server(argc, argv, {}, [&](MultiServer& server) {
        return std::make_unique<Letters>(server, reporter);
      });
    });
  }
  void ask(const UniqueFd& client, const std::string& letter) {
    send_text(client, letter);
    EXPECT_EQ(heard(), "request " + letter);
    char reply = 0;
    ASSERT_TRUE(readable(client.get()));
    EXPECT_EQ(read(client.get(), &reply, 1), 1);
  }
};

TEST_F(MultiServerTest, ReportsRequestsNotClients) {
  listen_unix();
  run_multi({"-t", "unix"});
  const UniqueFd first = connect();
  EXPECT_EQ(heard(), "clients 1");
  const UniqueFd second = connect();
  EXPECT_EQ(heard(), "clients 2");
  EXPECT_TRUE(records().empty());
  ask(second, "b");
  ask(first, "a");
  master.reset();
  EXPECT_EQ(heard(), "leaves: master gone");
  EXPECT_EQ(exit_status(), 0);
  EXPECT_EQ(read_all(first.get()), "");
}

TEST_F(MultiServerTest, ReportsOneRequestWhenThereIsOneProcess) {
  listen_unix();
  run_multi({"-l", "-t", "unix"}, {.processes = Needs::Processes::One});
  UniqueFd client = connect();
  EXPECT_EQ(heard(), "clients 1");
  for (const char* letter : {"a", "b", "c"}) ask(client, letter);
  client.reset();
  EXPECT_EQ(heard(), "gone");
  EXPECT_EQ(records(), (Records{{pid, kGeneration, 0}, {pid, kGeneration, 1}}));
}

TEST_F(MultiServerTest, DoesNotIdleOutOrGetUsedUpWithAClient) {
  listen_unix();
  run_multi({"-t", "unix", "-m", "1"});
  UniqueFd stays = connect();
  EXPECT_EQ(heard(), "clients 1");
  UniqueFd goes = connect();
  EXPECT_EQ(heard(), "clients 2");
  goes.reset();
  EXPECT_EQ(heard(), "gone");
  ask(stays, "x");
  stays.reset();
  EXPECT_EQ(heard(), "gone");
  EXPECT_EQ(heard(), "leaves: used up");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(MultiServerTest, ServesOneRequestWhenAlone) {
  give_standard_input();
  run_multi({"-S"});
  EXPECT_EQ(heard(), "clients 1");
  send_text(terminal, "x");
  EXPECT_EQ(read_all(terminal.get()), "x");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(MultiServerTest, DoesNotWaitForASlowPasser) {
  listen_unix();
  run_multi({"-t", "pass"});
  const UniqueFd slow = connect();
  const UniqueFd passer = connect();
  auto [ours, theirs] = test::socket_pair();
  ASSERT_TRUE(util::send_fd(passer.get(), theirs.get()));
  theirs.reset();
  send_text(passer, std::string("a\0b\0", 4));
  send_text(passer, std::string("\0", 1));
  EXPECT_EQ(heard(), "clients 1");
  ask(ours, "p");
}

TEST_F(MultiServerTest, EventServersGoOnWithTheirClientsAfterAReload) {
  listen_unix();
  run_event({"-t", "unix"});
  UniqueFd client = connect();
  EXPECT_EQ(heard(), "clients 1");
  ask(client, "a");
  ASSERT_TRUE(readable(master.get()));
  shutdown(master.get(), SHUT_WR);
  EXPECT_EQ(heard(), "drains");
  const pid_t parent = pid;
  EXPECT_EQ(exit_status(), 0);  // master's child; its own child goes on
  ask(client, "b");
  client.reset();
  EXPECT_EQ(heard(), "gone");
  EXPECT_EQ(heard(), "leaves: done");
  EXPECT_EQ(heard(), "(end)");
  // One pair for the client, and the request's; none of them is the child's.
  const StatusRecord taken{parent, kGeneration, 0};
  const StatusRecord available{parent, kGeneration, 1};
  EXPECT_EQ(records(), (Records{taken, available, taken, available}));
}

TEST_F(MultiServerTest, EventServersWithoutClientsLeaveAtOnce) {
  listen_unix();
  run_event({"-t", "unix"});
  UniqueFd client = connect();
  EXPECT_EQ(heard(), "clients 1");
  client.reset();
  EXPECT_EQ(heard(), "gone");
  master.reset();
  EXPECT_EQ(heard(), "leaves: master gone");
  EXPECT_EQ(exit_status(), 0);
}

// --- Triggers and datagrams.

class Listener : public TriggerService {
 public:
  explicit Listener(Reporter reporter) : reporter_(reporter) {}
  void on_trigger(std::string_view requests) override {
    reporter_.say("trigger " + std::string(requests.substr(0, requests.find('\0'))));
  }
  void on_exit(Leaving why) override { reporter_.say(name_of(why)); }

 private:
  Reporter reporter_;
};

class StarvedListener : public Listener {
 public:
  explicit StarvedListener(Reporter reporter) : Listener(reporter), shortage_(reporter) {}
  std::string stale() override {
    shortage_.on_accept();
    return {};
  }

 private:
  Shortage shortage_;
};

class TriggerServerTest : public ForkedDaemonTest {
 protected:
  void run_starved() {
    start({"-l", "-t", "unix"}, [](int argc, char** argv, const Reporter& reporter) {
      return run_trigger_server(argc, argv, {}, [&](TriggerServer&) {
        return std::make_unique<StarvedListener>(reporter);
      });
    });
  }
  void run(std::vector<std::string> options) {
    start(std::move(options), [](int argc, char** argv, const Reporter& reporter) {
      return run_trigger_server(
          argc, argv, {}, [&](TriggerServer&) { return std::make_unique<Listener>(reporter); });
    });
  }
};

TEST_F(TriggerServerTest, HearsOneCallerWhileAnotherIsSilent) {
  listen_unix();
  run({"-l", "-t", "unix"});
  const UniqueFd silent = connect();
  const UniqueFd caller = connect();
  send_text(caller, std::string("W\0", 2));
  EXPECT_EQ(heard(), "trigger W");
  EXPECT_EQ(read_all(caller.get()), "");  // hung up
  master.reset();
  EXPECT_EQ(heard(), "leaves: master gone");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(TriggerServerTest, PausesWhenDescriptorsRunOut) {
  listen_unix();
  run_starved();
  const UniqueFd caller = connect();
  send_text(caller, std::string("W\0", 2));
  EXPECT_EQ(heard(), "accepts: 2");
  EXPECT_EQ(heard(), "trigger W");
}

TEST_F(TriggerServerTest, ReadsAFifo) {
  listen_fifo();
  run({"-l", "-t", "fifo"});
  const UniqueFd fifo(open(socket_path().c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(write(fifo.get(), "FI", 2), 2);
  EXPECT_EQ(heard(), "trigger FI");
}

TEST_F(TriggerServerTest, FollowsAPassedDescriptor) {
  listen_unix();
  run({"-l", "-t", "pass"});
  const auto [read_end, write_end] = test::pipe_pair();
  const UniqueFd passer = connect();
  ASSERT_TRUE(util::send_fd(passer.get(), read_end.get()));
  ASSERT_EQ(write(write_end.get(), "W", 2), 2);
  EXPECT_EQ(heard(), "trigger W");
}

class Collector : public DgramService {
 public:
  explicit Collector(Reporter reporter) : reporter_(reporter) {}
  void on_datagram(std::string_view datagram) override { reporter_.say(std::string(datagram)); }

 private:
  Reporter reporter_;
};

class DgramServerTest : public ForkedDaemonTest {
 protected:
  void run() {
    start({"-l", "-t", "unix-dgram"}, [](int argc, char** argv, const Reporter& reporter) {
      return run_dgram_server(argc, argv, {},
                              [&](Process&) { return std::make_unique<Collector>(reporter); });
    });
  }
  void send_datagram(const std::string& text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
    const UniqueFd sender(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(sendto(sender.get(), text.data(), text.size(), 0,
                     reinterpret_cast<const sockaddr*>(&address), sizeof address),
              static_cast<ssize_t>(text.size()));
  }
};

TEST_F(DgramServerTest, LosesNothingWhenMasterGoes) {
  listen_datagram();
  for (const char* text : {"one", "two", "three"}) send_datagram(text);
  run();
  master.reset();
  for (const char* text : {"one", "two", "three", "(end)"}) EXPECT_EQ(heard(), text);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(DgramServerTest, HasTimeForLastWordsWhenAllAreStopped) {
  listen_datagram();
  run();
  send_datagram("started");
  EXPECT_EQ(heard(), "started");
  kill(pid, SIGTERM);
  send_datagram("last words");
  EXPECT_EQ(heard(), "last words");
  master.reset();
  EXPECT_EQ(exit_status(), 0);
}

}  // namespace
}  // namespace handoff::service
