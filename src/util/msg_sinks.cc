// The places where a log line can go, see msg.h.
#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "util/append_file.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/unique_fd.h"

namespace handoff::util::msg {
namespace {

class SyslogSink : public Sink {
 public:
  explicit SyslogSink(int facility) : facility_(facility), ident_(tag()) {
    connect();
    ++living_;
  }
  ~SyslogSink() override {
    if (--living_ == 0) closelog();
  }

  void write(Level level, std::string_view tag, std::string_view text) noexcept override {
    ident_ = tag;
    connect();  // cheap; somebody else may have, under another name
    syslog(facility_ | syslog_priority(level), "%s%.*s", label(level).data(),
           static_cast<int>(text.size()), text.data());
  }

 private:
  // The connection outlives the way to the socket, which a chroot jail bars.
  void connect() const { openlog(ident_.c_str(), LOG_PID | LOG_NDELAY, facility_); }

  int facility_;
  std::string ident_;  // openlog keeps the pointer

  static int living_;  // the connection is the process's, and a successor may have come already
};

int SyslogSink::living_ = 0;

class StderrSink : public Sink {
 public:
  explicit StderrSink(bool with_pid) : with_pid_(with_pid) {}

  void write(Level level, std::string_view tag, std::string_view text) noexcept override {
    const std::string pid = with_pid_ ? fmt::format("[{}]", getpid()) : std::string();
    const std::string line = fmt::format("{}{}: {}{}\n", tag, pid, label(level), text);
    (void)!::write(STDERR_FILENO, line.data(), line.size());  // nobody left to tell
  }

 private:
  bool with_pid_;
};

class FileSink : public Sink {
 public:
  FileSink(std::string path, std::string hostname)
      : path_(std::move(path)), hostname_(std::move(hostname)) {}

  // Opened for each line: logrotate may have moved the file.
  void write(Level level, std::string_view tag, std::string_view text) noexcept override {
    const auto file = open_for_append(path_);
    if (!file || !append(file->get(), format_record(level, hostname_, tag, text) + "\n")) ++lost_;
  }
  [[nodiscard]] std::uint64_t lost() const noexcept override { return lost_; }

 private:
  // The reader of a pipe is waited for once, and briefly; a pipe takes a line or nothing of it.
  bool append(int file, std::string_view line) {
    constexpr std::chrono::milliseconds kPatience{250};
    while (!line.empty()) {
      const auto written = ::write(file, line.data(), line.size());
      if (written >= 0) {
        line.remove_prefix(static_cast<std::size_t>(written));
        stalled_ = false;
      } else if (errno == EAGAIN && !stalled_) {
        stalled_ = true;
        (void)wait_writable(file, kPatience);  // the next attempt will show
      } else if (errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  std::string path_;
  std::string hostname_;
  std::uint64_t lost_ = 0;
  bool stalled_ = false;
};

}  // namespace

std::unique_ptr<Sink> syslog_sink(int facility) {
  return std::make_unique<SyslogSink>(facility);
}

std::unique_ptr<Sink> stderr_sink(bool with_pid) {
  return std::make_unique<StderrSink>(with_pid);
}

std::unique_ptr<Sink> file_sink(std::string path, std::string hostname) {
  return std::make_unique<FileSink>(std::move(path), std::move(hostname));
}

}  // namespace handoff::util::msg
