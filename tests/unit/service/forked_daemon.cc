#include "service/forked_daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <tuple>

#include "support/sockets.h"
#include "util/sockets.h"

namespace handoff::service {
namespace {

namespace proto = global::master_proto;
using util::UniqueFd;

constexpr int kPatience = 10000;  // milliseconds
constexpr int kAboveAll = 100;    // descriptors of this size are in nobody's way

int moved_up(const UniqueFd& fd) {
  return fd ? fcntl(fd.get(), F_DUPFD, kAboveAll) : open("/dev/null", O_RDWR);
}

}  // namespace

void Reporter::say(const std::string& line) const {
  const std::string text = line + "\n";
  (void)!write(fd_, text.data(), text.size());
}

// mail_owner and its like are accounts that every Debian has; nobody runs under them here.
ForkedDaemonTest::ForkedDaemonTest() {
  directory.write("main.cf", "queue_directory = " + directory.path() +
                                 "\nmyhostname = mail.handoff.test\n"
                                 "mail_owner = uucp\nsetgid_group = news\n"
                                 "default_privs = nobody\n");
}

ForkedDaemonTest::~ForkedDaemonTest() {
  if (pid > 0) {
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, nullptr, 0);
  }
}

void ForkedDaemonTest::listen_unix() {
  auto listener = util::listen_unix(socket_path(), 10, 0600);
  ASSERT_TRUE(listener);
  listener_ = *std::move(listener);
}

void ForkedDaemonTest::listen_datagram() {
  auto listener = util::bind_unix_datagram(socket_path(), 0600);
  ASSERT_TRUE(listener);
  listener_ = *std::move(listener);
}

void ForkedDaemonTest::listen_fifo() {
  ASSERT_EQ(mkfifo(socket_path().c_str(), 0600), 0);
  listener_.reset(open(socket_path().c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

void ForkedDaemonTest::give_standard_input() {
  std::tie(terminal, standard_input_) = test::socket_pair();
}

void ForkedDaemonTest::start(std::vector<std::string> options, const Main& daemon_main) {
  std::array<int, 2> reports{};
  ASSERT_EQ(pipe2(reports.data(), O_CLOEXEC), 0);
  reports_.reset(reports[0]);
  const UniqueFd report_end(reports[1]);
  std::tie(master, status_) = test::socket_pair();
  options.insert(options.begin(), {"daemon", "-d"});

  pid = fork();
  ASSERT_GE(pid, 0);
  if (pid > 0) {
    status_.reset();
    standard_input_.reset();
    return;
  }
  const int report = moved_up(report_end);
  const int input = moved_up(standard_input_);
  const std::array sources = {moved_up(UniqueFd()), moved_up(UniqueFd()), moved_up(status_),
                              moved_up(listener_)};
  if (standard_input_) {
    dup2(input, STDIN_FILENO);
    dup2(input, STDOUT_FILENO);
  }
  int target = proto::kFlowReadFd;
  for (const int source : sources) dup2(source, target++);
  for (int fd = target; fd < 2 * kAboveAll; ++fd) {
    if (fd != report) close(fd);
  }
  setenv(proto::kConfigVariable, directory.path().c_str(), 1);
  setenv(proto::kGenerationVariable, "12", 1);
  std::vector<char*> argv;
  for (auto& option : options) argv.push_back(option.data());
  _exit(daemon_main(static_cast<int>(argv.size()), argv.data(), Reporter(report)));
}

UniqueFd ForkedDaemonTest::connect() {
  auto client = util::connect_unix(socket_path(), std::chrono::seconds(5));
  EXPECT_TRUE(client);
  return client ? *std::move(client) : UniqueFd();
}

std::string ForkedDaemonTest::heard() {
  while (unread_.find('\n') == std::string::npos) {
    if (!readable(reports_.get())) return "(silence)";
    std::array<char, 4096> buffer;
    const auto got = read(reports_.get(), buffer.data(), buffer.size());
    if (got <= 0) return "(end)";
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const std::size_t end = unread_.find('\n');
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

std::vector<proto::StatusRecord> ForkedDaemonTest::records() {
  std::vector<proto::StatusRecord> found;
  std::array<char, sizeof(proto::StatusRecord)> bytes;
  while (recv(master.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size())) {
    found.push_back(*proto::decode(bytes));
  }
  return found;
}

int ForkedDaemonTest::exit_status() {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!readable(process.get())) return -1;
  int status = -1;
  (void)waitpid(pid, &status, 0);
  pid = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&wanted, 1, kPatience)) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  while (readable(fd)) {
    const auto got = read(fd, buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace handoff::service
