// forked_daemon.h - a skeleton at work in a child process, as master(8) would start it.
//
// The child has a main.cf of its own, listeners in a temporary directory, and the descriptors that
// daemons inherit; this process plays master and client. What the application under test does, it
// tells with Reporter::say().
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "global/master_proto.h"
#include "support/files.h"
#include "util/unique_fd.h"

namespace handoff::service {

// In the child: tells the test what happens.
class Reporter {
 public:
  explicit Reporter(int fd) : fd_(fd) {}
  void say(const std::string& line) const;

 private:
  int fd_;
};

class ForkedDaemonTest : public ::testing::Test {
 protected:
  using Main = std::function<int(int argc, char** argv, const Reporter&)>;

  ForkedDaemonTest();
  ~ForkedDaemonTest() override;

  // Before start().
  void listen_unix();
  void listen_datagram();
  void listen_fifo();
  void give_standard_input();  // then write to and read from `terminal`

  // `options`: what master would give, besides -d.
  void start(std::vector<std::string> options, const Main& daemon_main);
  util::UniqueFd connect();
  [[nodiscard]] std::string socket_path() const { return directory.path("socket"); }

  // The next line that the application says; "(end)" when there is nobody left to say anything.
  std::string heard();
  std::vector<global::master_proto::StatusRecord> records();
  // Of the process that was started; -1 when it does not end.
  int exit_status();

  test::TemporaryDirectory directory;
  util::UniqueFd master;    // our end of the status channel
  util::UniqueFd terminal;  // the other end of standard input and output
  pid_t pid = -1;

 private:
  util::UniqueFd listener_;
  util::UniqueFd status_;
  util::UniqueFd standard_input_;
  util::UniqueFd reports_;
  std::string unread_;
};

// Waits for it; false after some seconds.
bool readable(int fd);
// Everything until end-of-file.
std::string read_all(int fd);

}  // namespace handoff::service
