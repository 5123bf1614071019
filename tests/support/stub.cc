// stub.cc - a tiny daemon that writes down how master(8) started it, and behaves as it is told.
//
// For tests of the launcher: see stub.py. Links nothing of ours, so that it can prove something.
// The first argument behind the options is what to do; the default is to serve.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int kStatus = 5;
constexpr int kFirstListener = 6;
constexpr int kMostDescriptors = 256;

struct Options {
  std::string service;
  std::string type;
  int listeners = 1;
  std::string behaviour = "serve";
};

// One line in $queue_directory/stub.log; several processes write to it.
void note(const std::string& event) {
  const std::string line = std::to_string(getpid()) + " " + event + "\n";
  const int file = open("stub.log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0 || write(file, line.data(), line.size()) < 0) _exit(99);
  close(file);
}

std::string read_file(const char* path) {
  std::string text;
  FILE* file = fopen(path, "re");
  if (file == nullptr) return text;
  char buffer[4096];
  for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, got);
  fclose(file);
  return text;
}

std::string hex(const std::string& bytes) {
  std::string text;
  char digits[3];
  for (const unsigned char byte : bytes) {
    snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

int socket_option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

std::string kind(int fd) {
  struct stat about {};
  fstat(fd, &about);
  std::string text;
  if (S_ISSOCK(about.st_mode)) {
    text = "socket domain=" + std::to_string(socket_option(fd, SO_DOMAIN)) +
           " type=" + std::to_string(socket_option(fd, SO_TYPE)) +
           " listens=" + std::to_string(socket_option(fd, SO_ACCEPTCONN));
    sockaddr_un address{};
    socklen_t length = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    if (address.sun_family == AF_UNIX && length > sizeof(sa_family_t)) {
      text += std::string(" name=") + address.sun_path;
    } else if (address.sun_family != AF_UNIX) {
      text += " address=" + hex({reinterpret_cast<char*>(&address), length});
    }
  } else if (S_ISFIFO(about.st_mode)) {
    text = "pipe";
  } else if (S_ISCHR(about.st_mode)) {
    text = "device " + std::to_string(about.st_rdev);
  } else {
    text = "other";
  }
  return text;
}

void describe_descriptors(std::string& out) {
  for (int fd = 0; fd < kMostDescriptors; ++fd) {
    const int descriptor_flags = fcntl(fd, F_GETFD);
    if (descriptor_flags < 0) continue;
    const int flags = fcntl(fd, F_GETFL);
    out += "fd " + std::to_string(fd) + " " + kind(fd) +
           " mode=" + std::to_string(flags & O_ACCMODE) +
           " nonblock=" + std::to_string((flags & O_NONBLOCK) != 0) +
           " cloexec=" + std::to_string(descriptor_flags) + "\n";
  }
}

void describe_signals(std::string& out) {
  const std::string status = read_file("/proc/self/status");
  for (const char* name : {"SigBlk:", "SigIgn:"}) {
    const size_t at = status.find(name);
    out += status.substr(at, status.find('\n', at) - at) + "\n";
  }
}

void describe_identity(std::string& out) {
  out += "ids " + std::to_string(getuid()) + " " + std::to_string(geteuid()) + " " +
         std::to_string(getgid()) + " " + std::to_string(getegid()) + "\n";
  const mode_t mask = umask(0);
  umask(mask);
  out += "umask " + std::to_string(mask) + "\n";
  for (const auto resource : {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CORE}) {
    rlimit limit{};
    getrlimit(resource, &limit);
    out += "limit " + std::to_string(resource) + " " + std::to_string(limit.rlim_cur) + " " +
           std::to_string(limit.rlim_max) + "\n";
  }
  char directory[PATH_MAX] = "";
  out += std::string("cwd ") + getcwd(directory, sizeof directory) + "\n";
  out += "leader is master: " + std::to_string(getsid(0) == getppid()) + " " +
         std::to_string(getpgrp() == getppid()) + "\n";
}

// Everything a process inherits, in $queue_directory/stub.PID.
void capture() {
  std::string out = "argv " + hex(read_file("/proc/self/cmdline")) + "\n";
  out += "environment " + hex(read_file("/proc/self/environ")) + "\n";
  describe_descriptors(out);
  describe_signals(out);
  describe_identity(out);
  const std::string name = "stub." + std::to_string(getpid());
  FILE* file = fopen((name + ".tmp").c_str(), "we");
  if (file == nullptr) _exit(99);
  fputs(out.c_str(), file);
  fclose(file);
  rename((name + ".tmp").c_str(), name.c_str());
}

Options parse(int argc, char** argv) {
  Options options;
  const char* base = strrchr(argv[0], '/');
  options.service = base != nullptr ? base + 1 : argv[0];
  for (int letter = 0; (letter = getopt(argc, argv, "+cdDi:lm:n:o:r:s:St:uvVz")) != -1;) {
    if (letter == 'n') options.service = optarg;
    if (letter == 't') options.type = optarg;
    if (letter == 's') options.listeners = atoi(optarg);
  }
  if (optind < argc) options.behaviour = argv[optind];
  return options;
}

bool report(int32_t availability, size_t length = 12) {
  struct {
    int32_t pid;
    uint32_t generation;
    int32_t availability;
  } record{getpid(), 0, availability};
  const char* generation = getenv("GENERATION");
  record.generation =
      static_cast<uint32_t>(strtoul(generation != nullptr ? generation : "", nullptr, 8));
  return write(kStatus, &record, length) == static_cast<ssize_t>(length);
}

// What a client says, until it hangs up; a wake-up is two bytes.
std::string serve(int client) {
  char buffer[1024];
  std::string said;
  for (ssize_t got = 0; (got = read(client, buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<size_t>(got));
    if (said[0] == 'W') break;
  }
  return said;
}

// The client that waits on a listener, whatever its type; false when somebody was quicker.
bool take(const Options& options, int listener, int& client) {
  if (options.type == "fifo" || options.type == "unix-dgram") {
    client = listener;
    return true;
  }
  client = accept(listener, nullptr, nullptr);
  if (client < 0) return false;
  if (options.type != "pass") return true;
  char byte = 0;
  alignas(cmsghdr) char control[64];
  iovec data{&byte, 1};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(client, &message, 0) < 0 || CMSG_FIRSTHDR(&message) == nullptr) return false;
  close(client);
  memcpy(&client, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof client);
  return true;
}

void handle(const Options& options, int listener) {
  int client = -1;
  if (!take(options, listener, client)) return;
  static int clients = 0;
  if (options.behaviour == "die-on-second" && ++clients == 2) _exit(1);
  report(0);
  note("taken");
  std::string said;
  if (client == listener) {
    char buffer[1024];
    const ssize_t got = read(client, buffer, sizeof buffer);
    said.assign(buffer, static_cast<size_t>(got > 0 ? got : 0));
  } else {
    said = serve(client);
    close(client);
  }
  if (options.behaviour == "half-record") report(1, 8);
  if (options.behaviour == "unknown-status") report(7);
  const bool master_lives = report(1);
  note("heard " + hex(said));  // who reads this may count on master to know that we are free
  if (!master_lives) {
    note("left after the client");
    _exit(0);
  }
}

void run(const Options& options) {
  std::vector<pollfd> wanted = {{kStatus, POLLIN, 0}};
  for (int i = 0; i < options.listeners; ++i) wanted.push_back({kFirstListener + i, POLLIN, 0});
  while (true) {
    if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
    if (wanted[0].revents != 0) {
      note("left");
      _exit(0);
    }
    for (size_t i = 1; i < wanted.size(); ++i) {
      if (wanted[i].revents != 0) handle(options, wanted[i].fd);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  capture();
  note("started " + options.service + " " + options.behaviour);
  if (options.behaviour == "fail") return 1;
  if (options.behaviour == "quit") return 0;
  if (options.behaviour == "crash") raise(SIGSEGV);
  if (options.behaviour == "stubborn") {
    signal(SIGTERM, SIG_IGN);
    while (true) pause();
  }
  run(options);
}
