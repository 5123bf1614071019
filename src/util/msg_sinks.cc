// The places where a log line can go, see msg.h.
#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include "util/append_file.h"
#include "util/msg.h"
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
    if (!file) return;
    const std::string line = format_record(level, hostname_, tag, text) + "\n";
    (void)!::write(file->get(), line.data(), line.size());  // nobody left to tell
  }

 private:
  std::string path_;
  std::string hostname_;
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
