// msg.h - the log: one line for whoever runs the mail system.
//
// Where a line goes (syslog, the postlog socket, standard error, a file) is decided by whoever
// starts the program, see open(). Formats are {fmt} formats, checked by the compiler. The text is
// cut at 2000 bytes and unprintable bytes become "?" (spec/master.md 7.1).
//
// The log never fails and never blocks for long: a line that nobody takes is lost, mail is not.
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace handoff::util::msg {

enum class Level { Info, Warning, Error, Fatal, Panic };

// "warning: " and the like; nothing for Info.
std::string_view label(Level level);
// LOG_INFO, LOG_WARNING, LOG_ERR or LOG_CRIT.
int syslog_priority(Level level);

// A line for every place that wants one; `text` is sanitized and has no label.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual void write(Level level, std::string_view tag, std::string_view text) noexcept = 0;
  // Lines that still wait go out now, or never: called when the process ends.
  virtual void flush() noexcept {}
  // There are such lines, and offer() tries, without waiting, to get rid of them.
  [[nodiscard]] virtual bool has_waiting() const noexcept { return false; }
  virtual void offer() noexcept {}
  // Lines that nobody took.
  [[nodiscard]] virtual std::uint64_t lost() const noexcept { return 0; }
};

// openlog(3) with LOG_PID; `facility` is a LOG_* value. Connected at once, so that it works in a
// chroot jail later.
std::unique_ptr<Sink> syslog_sink(int facility);
// "tag: text", or "tag[pid]: text".
std::unique_ptr<Sink> stderr_sink(bool with_pid);
// What a sender grants to a postlogd that does not read, the first time.
enum class Patience {
  None,   // for master, which has to start it; but 2 seconds when it ends
  Brief,  // 250 milliseconds, for whoever delivers mail
  Long,   // 2 seconds, and again when no more lines can be kept: for whoever only logs
};
// Datagrams for postlogd(8), each "Mon dd hh:mm:ss host tag[pid]: text" (spec/master.md 7.2). The
// socket is connected at once, so that it works in a chroot jail later; where nobody listens,
// lines go to `fallback` when there is one and are lost otherwise. From a postlogd that does not
// read, up to 1000 lines are kept until the reader takes them (offer_waiting()) or the process
// ends, be it by SIGTERM.
std::unique_ptr<Sink> postlog_sink(const std::string& socket_path, std::string hostname,
                                   Patience patience, std::unique_ptr<Sink> fallback);
// Appends such lines to a file: master, postfix and postlogd only.
std::unique_ptr<Sink> file_sink(std::string path, std::string hostname);

// The prefix of each line, "postfix/scache".
void set_tag(std::string tag);
const std::string& tag();
// Replaces all sinks; without any, lines go to standard error.
void clear_sinks();
void add_sink(std::unique_ptr<Sink> sink);

// Whether lines wait for a reader that is slow. Then whoever waits for something else calls
// offer_waiting() every kOfferInterval; event loops and services do.
bool has_waiting();
void offer_waiting();
inline constexpr std::chrono::milliseconds kOfferInterval{100};
// They go out now, or never: for a process that does not end by exit(3).
void flush();
// How many lines nobody took, in all.
std::uint64_t lost();

// 0 is quiet; each -v adds one. Code that is costly to log asks first.
void set_verbose(int level);
int verbose();

// Of a process that a fatal error ends; 1 unless somebody says otherwise.
void set_fatal_status(int status);

// Called after a fatal line has been logged and before the process waits and ends.
void set_fatal_hook(std::function<void()> hook);

// "Nov 21 21:07:05 host tag[pid]: warning: text" without a newline.
std::string format_record(Level level, std::string_view hostname, std::string_view tag,
                          std::string_view text);

void log(Level level, fmt::string_view format, fmt::format_args args);
// A 13th error ends the process: "too many errors - program terminated".
void log_error(fmt::string_view format, fmt::format_args args);
// No line is written as long as one of these lives, but for the last words of fatal errors: for
// questions of which only the answer counts.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};
// Counts from 0 again, for programs that run more than one script.
void forgive_errors();
// Logs, waits 1 s (a brake for whoever starts us again), exits with the status of fatal errors.
[[noreturn]] void die(fmt::string_view format, fmt::format_args args);
// Logs, waits 1 s, aborts: a core is wanted.
[[noreturn]] void die_of_bug(fmt::string_view format, fmt::format_args args);

template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  log(Level::Info, format, fmt::make_format_args(args...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  log(Level::Warning, format, fmt::make_format_args(args...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  log_error(format, fmt::make_format_args(args...));
}
template <typename... Args>
[[noreturn]] void fatal(fmt::format_string<Args...> format, Args&&... args) {
  die(format, fmt::make_format_args(args...));
}
template <typename... Args>
[[noreturn]] void panic(fmt::format_string<Args...> format, Args&&... args) {
  die_of_bug(format, fmt::make_format_args(args...));
}
// Only with -v.
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (verbose() > 0) log(Level::Info, format, fmt::make_format_args(args...));
}

}  // namespace handoff::util::msg

namespace handoff {
namespace msg = util::msg;
}
